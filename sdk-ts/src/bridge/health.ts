import { create, createFileRegistry, type DescService } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ConnectRouter, type MethodImpl } from '@connectrpc/connect';
import type { Loose } from './upstream-world.js';

const PACKAGE = 'grpc.health.v1';
const SERVING = 1;

/** Answers `grpc.health.v1.Health/Check`: serving, for the server and for each of its services. */
export function healthRoutes(router: ConnectRouter, services: readonly DescService[]): void {
  const known = new Set(['', ...services.map(({ typeName }) => typeName)]);
  const check = healthService().method.check!;
  const answer = ({ service }: Loose) => {
    if (!known.has(service))
      throw new ConnectError(`there is no service ${service}`, Code.NotFound);
    return { status: SERVING };
  };
  router.rpc(check, answer as MethodImpl<typeof check>);
}

/** The service by the definition that the gRPC project publishes, without its Watch. */
function healthService(): DescService {
  const field = (name: string, type: Type, typeName?: string) => ({
    name,
    number: 1,
    label: Label.OPTIONAL,
    type,
    ...(typeName && { typeName }),
  });
  const status = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
  const file = create(FileDescriptorProtoSchema, {
    name: 'grpc/health/v1/health.proto',
    package: PACKAGE,
    syntax: 'proto3',
    messageType: [
      { name: 'HealthCheckRequest', field: [field('service', Type.STRING)] },
      {
        name: 'HealthCheckResponse',
        field: [field('status', Type.ENUM, `.${PACKAGE}.HealthCheckResponse.ServingStatus`)],
        enumType: [
          { name: 'ServingStatus', value: status.map((name, number) => ({ name, number })) },
        ],
      },
    ],
    service: [
      {
        name: 'Health',
        method: [
          {
            name: 'Check',
            inputType: `.${PACKAGE}.HealthCheckRequest`,
            outputType: `.${PACKAGE}.HealthCheckResponse`,
          },
        ],
      },
    ],
  });
  return createFileRegistry(file, () => undefined).getService(`${PACKAGE}.Health`)!;
}
