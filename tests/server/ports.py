"""Where nobody listens yet, and nobody else will."""

import random
import socket

# Below those from which Linux takes the near end of every connection (ip_local_port_range): none is lost to one.
PORTS = range(10_000, 16_000)
reserved: list[socket.socket] = []


def free_port() -> int:
    """Of this process until its end, whether something listens there or not.

    Processes agree on who has which by a name without a file, which only one of them can bind (unix(7), "abstract").
    """
    for port in random.sample(PORTS, len(PORTS)):
        sign = socket.socket(socket.AF_UNIX)
        try:
            sign.bind(f"\0tokenrack-tests-{port}")
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", port))
        except OSError:
            sign.close()
        else:
            reserved.append(sign)
            return port
    raise AssertionError("Every port is taken.")


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
