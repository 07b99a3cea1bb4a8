import {
  create,
  createRegistry,
  type DescExtension,
  type DescFile,
  type DescService,
  fromBinary,
  type Registry,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, type ConnectRouter } from '@connectrpc/connect';
import * as v1 from './gen/grpc/reflection/v1/reflection_pb.js';
import * as v1alpha from './gen/grpc/reflection/v1alpha/reflection_pb.js';

type Question = v1.ServerReflectionRequest['messageRequest'];
type Answer = Extract<v1.ServerReflectionResponse['messageResponse'], { case: string }>;

/** Server reflection, in both versions that clients speak, over the descriptors that the code was generated with. */
export function reflectionRoutes(
  router: ConnectRouter,
  services: readonly DescService[],
): ConnectRouter {
  const all = [...services, v1.ServerReflection, v1alpha.ServerReflection];
  const schema = new Schema(all);
  async function* answers(requests: AsyncIterable<v1.ServerReflectionRequest>) {
    for await (const request of requests)
      yield create(v1.ServerReflectionResponseSchema, {
        validHost: request.host,
        originalRequest: request,
        messageResponse: schema.answer(request.messageRequest),
      });
  }
  return router
    .service(v1.ServerReflection, { serverReflectionInfo: answers })
    .service(v1alpha.ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const answer of answers(asV1(requests)))
          yield fromBinary(
            v1alpha.ServerReflectionResponseSchema,
            toBinary(v1.ServerReflectionResponseSchema, answer),
          );
      },
    });
}

/** The older version differs from the newer in its name only. */
async function* asV1(requests: AsyncIterable<v1alpha.ServerReflectionRequest>) {
  for await (const request of requests)
    yield fromBinary(
      v1.ServerReflectionRequestSchema,
      toBinary(v1alpha.ServerReflectionRequestSchema, request),
    );
}

class Schema {
  readonly #files = new Map<string, DescFile>();
  readonly #registry: Registry;

  constructor(private readonly services: readonly DescService[]) {
    for (const { file } of services) this.#addFile(file);
    this.#registry = createRegistry(...this.#files.values());
  }

  answer(question: Question): Answer {
    switch (question.case) {
      case 'listServices':
        return {
          case: 'listServicesResponse',
          value: {
            $typeName: 'grpc.reflection.v1.ListServiceResponse',
            service: this.services.map(({ typeName }) => ({
              $typeName: 'grpc.reflection.v1.ServiceResponse' as const,
              name: typeName,
            })),
          },
        };
      case 'fileByFilename':
        return filesAnswer(this.#files.get(question.value.replace(/\.proto$/, '')));
      case 'fileContainingSymbol':
        return filesAnswer(this.#fileOf(question.value));
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = question.value;
        const extension = this.#extensionsOf(containingType).find(
          ({ number }) => number === extensionNumber,
        );
        return filesAnswer(extension?.file);
      }
      case 'allExtensionNumbersOfType':
        if (this.#registry.getMessage(question.value) === undefined) return failure('no such type');
        return {
          case: 'allExtensionNumbersResponse',
          value: {
            $typeName: 'grpc.reflection.v1.ExtensionNumberResponse',
            baseTypeName: question.value,
            extensionNumber: this.#extensionsOf(question.value).map(({ number }) => number),
          },
        };
      default:
        return failure('no question', Code.InvalidArgument);
    }
  }

  #addFile(file: DescFile): void {
    if (this.#files.has(file.name)) return;
    this.#files.set(file.name, file);
    for (const dependency of file.dependencies) this.#addFile(dependency);
  }

  #extensionsOf(typeName: string): DescExtension[] {
    return [...this.#registry].filter(
      (desc): desc is DescExtension =>
        desc.kind === 'extension' && desc.extendee.typeName === typeName,
    );
  }

  /** The file of a type, service or extension, or of a method, field or enum value, which are named after their parent. */
  #fileOf(symbol: string): DescFile | undefined {
    const parent = symbol.slice(0, Math.max(0, symbol.lastIndexOf('.')));
    return (this.#registry.get(symbol) ?? this.#registry.get(parent))?.file;
  }
}

function filesAnswer(file: DescFile | undefined): Answer {
  if (file === undefined) return failure('not found');
  const files = new Set<DescFile>();
  const add = (one: DescFile): void => {
    if (files.has(one)) return;
    files.add(one);
    one.dependencies.forEach(add);
  };
  add(file);
  return {
    case: 'fileDescriptorResponse',
    value: {
      $typeName: 'grpc.reflection.v1.FileDescriptorResponse',
      fileDescriptorProto: [...files].map(({ proto }) =>
        toBinary(FileDescriptorProtoSchema, proto),
      ),
    },
  };
}

function failure(errorMessage: string, errorCode = Code.NotFound): Answer {
  return {
    case: 'errorResponse',
    value: { $typeName: 'grpc.reflection.v1.ErrorResponse', errorCode, errorMessage },
  };
}
