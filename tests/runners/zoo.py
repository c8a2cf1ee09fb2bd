"""Models that misbehave on loud recordings only ("hard"), and otherwise return their input."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

NAMES = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")


def hard(noisy):
    return np.abs(noisy).max() > 0.8


class Good:
    sample_rate = 16000

    def enhance(self, noisy):
        return self.misbehave(noisy) if hard(noisy) else noisy

    def misbehave(self, noisy):
        return noisy


class LoopsForever(Good):
    def misbehave(self, noisy):
        while True:
            pass


class SleepsTooLong(Good):
    def misbehave(self, noisy):
        time.sleep(3600)


class IgnoresSignals(Good):
    def misbehave(self, noisy):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        time.sleep(3600)


class LeavesAtOnce(Good):
    def misbehave(self, noisy):
        os._exit(3)


class LeavesPolitely(Good):
    def misbehave(self, noisy):
        sys.exit("no more")


class LeavesSayingWhy(Good):
    def misbehave(self, noisy):
        sys.stderr.write("CUDA out of memory\n")
        sys.stderr.flush()
        os._exit(1)


class Segfaults(Good):
    def misbehave(self, noisy):
        ctypes.string_at(0)


class Aborts(Good):
    def misbehave(self, noisy):
        os.abort()


class AllocatesFiftyGigabytes(Good):
    def misbehave(self, noisy):
        return np.ones(50 * 2**27)


class ForksAndAllocates(Good):
    """Each process stays below the limit, all of them do not."""

    def misbehave(self, noisy):
        for _ in range(3):
            if os.fork() == 0:
                _kept = np.ones(40 * 2**20)
                time.sleep(3600)
        time.sleep(3600)


class SharesMemory(Good):
    """Many processes that look at the same memory take it once."""

    def misbehave(self, noisy):
        kept = np.ones(30 * 2**20)
        for _ in range(5):
            if os.fork() == 0:
                kept.sum()
                time.sleep(3600)
        time.sleep(2)
        return noisy


class FillsTheDisk(Good):
    def misbehave(self, noisy):
        with Path("big").open("wb") as stream:
            stream.truncate(2**40)


class GivesNone(Good):
    def misbehave(self, noisy):
        return None


class GivesNan(Good):
    def misbehave(self, noisy):
        return noisy * np.nan


class GivesInfinity(Good):
    def misbehave(self, noisy):
        return noisy.astype(np.float64) * 1e300


class GivesIntegers(Good):
    def misbehave(self, noisy):
        return (noisy * 32767).astype(np.int16)


class GivesText(Good):
    def misbehave(self, noisy):
        return "enhanced.wav"


class GivesObjects(Good):
    def misbehave(self, noisy):
        return np.array([object()] * len(noisy))


class GivesHalf(Good):
    def misbehave(self, noisy):
        return noisy[: len(noisy) // 2]


class GivesTenTimes(Good):
    def misbehave(self, noisy):
        return np.tile(noisy, 10)


class GivesGigabytes(Good):
    def misbehave(self, noisy):
        return np.zeros(2**28, np.float32)


class GivesTwoChannels(Good):
    def misbehave(self, noisy):
        return np.stack([noisy, noisy])


class Raises(Good):
    def misbehave(self, noisy):
        raise RuntimeError("a tensor is on\n another device")


class RaisesWhatCannotBeShown(Good):
    def misbehave(self, noisy):
        class ShyError(Exception):
            def __str__(self):
                raise ValueError("no")

        raise ShyError


class RecursesForever(Good):
    def misbehave(self, noisy):
        return self.misbehave(noisy)


class ClosesItsPipes(Good):
    def misbehave(self, noisy):
        os.closerange(0, 256)
        return noisy


class WritesIntoItsPipes(Good):
    def misbehave(self, noisy):
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, b"\xff\xff\xff\x7f" * 16)
            except OSError:
                continue
        return noisy


class KillsItsParent(Good):
    def misbehave(self, noisy):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(3600)


class RemovesItsFolder(Good):
    def misbehave(self, noisy):
        shutil.rmtree(os.environ["HOME"], ignore_errors=True)
        raise OSError("my folder is gone")


# The following are bad manners that must not cost the model its score.


class Prints(Good):
    def misbehave(self, noisy):
        print("x" * 100_000)
        os.write(1, b"\x10\x00\x00\x00" + b"{" * 100_000)
        os.write(2, b"y" * 1_000_000)
        subprocess.run(["echo", "done"], check=False)
        return noisy


class ReadsStandardInput(Good):
    def misbehave(self, noisy):
        sys.stdin.read()
        return noisy


class ForksAndForgets(Good):
    def misbehave(self, noisy):
        if os.fork() == 0:
            time.sleep(3600)
        return noisy


class ForksAndBothReturn(Good):
    def misbehave(self, noisy):
        os.fork()
        return noisy


class StartsADaemon(Good):
    def misbehave(self, noisy):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(3600)
            os._exit(0)
        return noisy


class LeavesThreads(Good):
    def misbehave(self, noisy):
        threading.Thread(target=time.sleep, args=(3600,)).start()
        return noisy


class WritesFiles(Good):
    def misbehave(self, noisy):
        Path("notes.txt").write_text("x" * 1000)
        (Path.home() / ".cache").mkdir(exist_ok=True)
        (Path.home() / ".cache" / "weights").write_text("y")
        return noisy


class WorksInPlace(Good):
    def misbehave(self, noisy):
        noisy *= 0.5
        return noisy


class KeepsState(Good):
    heard = 0

    def enhance(self, noisy):
        self.heard += 1
        return noisy / self.heard


class RaisesEveryThird(Good):
    heard = 0

    def enhance(self, noisy):
        self.heard += 1
        if self.heard % 3 == 0:
            raise ValueError("every third")
        return noisy


class LooksAround(Good):
    """Fails if anything that it was told or can see of itself names the corpus, a mixture or an utterance."""

    def enhance(self, noisy):
        seen = [
            *sys.argv,
            *os.environ.values(),
            str(Path.cwd()),
            Path("/proc/self/cmdline").read_text(),
            *sys.path,
        ]
        seen += [str(value) for value in vars(self).values()]
        if any(word in text for text in seen for word in ("CORPUS", "babble", "U001")):
            raise RuntimeError("I know where I am")
        return noisy


class OpensTheCorpus(Good):
    def misbehave(self, noisy):
        return np.frombuffer(Path("audio/clean/S1/U001.flac").read_bytes(), np.int16)


class Connects(Good):
    # That a sandbox keeps it from a server that does listen is tested with the runners.
    def misbehave(self, noisy):
        # Nothing listens on the port of the discard service.
        with socket.create_connection(("127.0.0.1", 9), timeout=2):
            return noisy


# Inverters, without anything of the benchmark.


class Inverts:
    sample_rate = 16000

    def frames(self, noisy):
        return len(noisy) // 160

    def invert(self, noisy):
        return self.misbehave(noisy) if hard(noisy) else self.proper(noisy)

    def proper(self, noisy):
        count = self.frames(noisy)
        return np.cumsum(np.ones((count, 6)), axis=0) * np.arange(1, 7), 100, list(NAMES)

    def misbehave(self, noisy):
        return self.proper(noisy)


class InvertsToMapping(Inverts):
    def misbehave(self, noisy):
        values, rate_hz, names = self.proper(noisy)
        return {"values": values.tolist(), "rate_hz": rate_hz, "names": names}


class InvertsToNothing(Inverts):
    def misbehave(self, noisy):
        return None


class InvertsWithoutNames(Inverts):
    def misbehave(self, noisy):
        return self.proper(noisy)[0], 100, ["LA"]


class InvertsTooShort(Inverts):
    def misbehave(self, noisy):
        values, rate_hz, names = self.proper(noisy)
        return values[:5], rate_hz, names


class InvertsToNan(Inverts):
    def misbehave(self, noisy):
        values, rate_hz, names = self.proper(noisy)
        return values * np.nan, rate_hz, names


class InvertsToConstants(Inverts):
    def misbehave(self, noisy):
        values, rate_hz, names = self.proper(noisy)
        return values * 0 + 1, rate_hz, names


class InvertsToMillionsOfFrames(Inverts):
    def misbehave(self, noisy):
        return np.zeros((5_000_000, 6), np.float32), 1e6, NAMES


class InvertsAtNoRate(Inverts):
    def misbehave(self, noisy):
        return self.proper(noisy)[0], float("nan"), NAMES
