"""Captures what goes over the loopback interface to and from one TCP port: capture.py PORT FOLDER, or --probe.

Needs only the standard library, Linux, and the right to open a packet socket. Prints `capturing` when it does, runs
until SIGTERM, and leaves in the folder a file for each direction of each connection, with what went over it. Exits
with 1 and a reason where it may not capture, or where the kernel dropped packets. `--probe` only tries whether it may.
"""

import os
import signal
import socket
import struct
import sys

ETH_P_ALL = 3
ETHERNET_BYTES = 14
TCP_SYN = 2
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6
BUFFER_BYTES = 128 * 1024 * 1024
MAX_FRAME_BYTES = 256 * 1024


def segment_of(frame, port):
    """The TCP segment in a frame, where it goes to the port or comes from it; None for anything else."""
    (ethertype,) = struct.unpack_from("!H", frame, 12)
    packet = frame[ETHERNET_BYTES:]
    if ethertype == 0x0800 and len(packet) >= 20 and packet[9] == socket.IPPROTO_TCP:
        header, end = (packet[0] & 15) * 4, struct.unpack_from("!H", packet, 2)[0]
    elif ethertype == 0x86DD and len(packet) >= 40 and packet[6] == socket.IPPROTO_TCP:
        header, end = 40, 40 + struct.unpack_from("!H", packet, 4)[0]
    else:
        return None
    # A segment that is longer than its header can say has a length of none.
    segment = packet[header : end if end > header else len(packet)]
    if len(segment) < 20:
        return None
    return segment if port in struct.unpack_from("!HH", segment) else None


class Flows:
    """What went each way over each connection, at its place by the numbers that TCP gives to bytes."""

    def __init__(self, folder):
        self.folder = folder
        self.open = {}

    def add(self, segment):
        source, destination, sequence = struct.unpack_from("!HHI", segment)
        data = segment[(segment[12] >> 4) * 4 :]
        flow = source, destination
        if segment[13] & TCP_SYN:
            sequence += 1
        if segment[13] & TCP_SYN or flow not in self.open:
            self.close(flow)
            name = "%d-%d-%d" % (source, destination, sequence)
            self.open[flow] = sequence, open(os.path.join(self.folder, name), "wb")
        start, file = self.open[flow]
        offset = (sequence - start) % 2**32
        if offset < 2**31:
            file.seek(offset)
            file.write(data)

    def close(self, flow):
        if flow in self.open:
            self.open.pop(flow)[1].close()


def open_loopback():
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    packets.bind(("lo", 0))
    return packets


def capture(port, folder):
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    packets = open_loopback()
    print("capturing", flush=True)
    flows = Flows(folder)
    packets.settimeout(0.1)
    while True:
        if stopped:
            # What was sent before that is in the buffer by then.
            packets.setblocking(False)
        try:
            frame, (_, _, kind, *_) = packets.recvfrom(MAX_FRAME_BYTES)
        except BlockingIOError:
            break
        except socket.timeout:
            continue
        # Loopback shows each packet as it leaves and as it arrives.
        segment = None if kind == socket.PACKET_OUTGOING else segment_of(frame, port)
        if segment is not None:
            flows.add(segment)
    for flow in list(flows.open):
        flows.close(flow)
    _, dropped = struct.unpack("II", packets.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    return "the kernel dropped %d packets" % dropped if dropped else None


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["--probe"]:
            open_loopback()
        else:
            sys.exit(capture(int(sys.argv[1]), sys.argv[2]))
    except (AttributeError, OSError) as error:
        sys.exit("loopback cannot be captured: %s" % error)
