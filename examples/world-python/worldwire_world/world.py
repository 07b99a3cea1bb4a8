"""GetWorld: what this World is, and the limits that its rules enforce."""

from uuid import uuid4

from connectrpc.request import RequestContext
from protobuf.wkt import Duration

from .capabilities import DECLARED
from .gen.worldwire.v1.world_connect import WorldService
from .gen.worldwire.v1.world_pb import GetWorldRequest, GetWorldResponse, Limits

MIN_SPEC_VERSION = 2
MAX_SPEC_VERSION = 7

LIMITS = Limits(
    max_payload_bytes=16 * 1024 * 1024,
    max_request_bytes=32 * 1024 * 1024,
    max_events=25_000,
    max_event_page=1_000,
    max_stream_append=1_000,
    max_bulk_ids=500,
    max_id_length=256,
    max_token_length=1_024,
    max_cancel_reason_length=512,
    max_long_poll=Duration(seconds=30),
    max_delay=Duration(seconds=100 * 365 * 86_400),
)


class World(WorldService):
    """WorldService."""

    def __init__(self) -> None:
        """Begins a life, which clients tell from the one before by its id."""
        self._instance_id = str(uuid4())

    async def get_world(
        self, _request: GetWorldRequest, _ctx: RequestContext, /
    ) -> GetWorldResponse:
        """Says what the World is and can do."""
        return GetWorldResponse(
            implementation="worldwire-example-python",
            version="0.1.0",
            protocol_version="1.0",
            min_spec_version=MIN_SPEC_VERSION,
            max_spec_version=MAX_SPEC_VERSION,
            capabilities=DECLARED,
            limits=LIMITS,
            instance_id=self._instance_id,
        )
