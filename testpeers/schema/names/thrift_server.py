"""Serves the services of names.thrift with Apache's Python: thrift_server.py alpha|beta|multiplexed. Prints its port and ends with
its standard input."""

import sys
import threading

from thrift.TMultiplexedProcessor import TMultiplexedProcessor

import peer
import thrift_values
from names import Alpha, Beta
from names.ttypes import Either, Mode, Plain, Rejected
from names_base.ttypes import Gone, Stamp
from names_middle.ttypes import Busy


class AlphaHandler:
    def __init__(self):
        self.lock = threading.Lock()
        self.counted = 0

    def who_are_you(self):
        return "alpha"

    def add_to_count(self, amount):
        with self.lock:
            self.counted += amount

    def count(self):
        with self.lock:
            return self.counted

    def moment_after(self, moment):
        if moment.at < 0:
            raise Gone("before the time", Stamp(at=moment.at))
        if moment.at == 0:
            raise Busy(30)
        return Stamp(at=moment.at + 1)

    def check_whole(self, value):
        return "; ".join(peer.differences(value, thrift_values.whole()))

    def make_whole(self):
        return thrift_values.whole()

    def echoWhole(self, value):
        return value

    def echo_either(self, either):
        return either

    def get__setOf_keys(self, keys):
        return keys

    def HTTPGet(self, directory, group):
        return directory[group]

    def next_mode(self, mode):
        return {Mode.FAST: Mode.SLOW, Mode.SLOW: Mode.reverse, Mode.reverse: Mode.FAST}[mode]

    def fail_with(self, what):
        if what == "plain":
            raise Plain(7)
        if what == "rejected":
            raise Rejected("the reason", "the text", Either(words={"a", "b"}))
        if what == "gone":
            raise Gone("it is gone", Stamp(at=5))
        if what:
            raise ValueError(what)


class BetaHandler:
    def who_are_you(self):
        return "beta"

    def message(self, message, option):
        return len(message.repeated) + option


alpha, beta = Alpha.Processor(AlphaHandler()), Beta.Processor(BetaHandler())
multiplexed = TMultiplexedProcessor()
multiplexed.registerProcessor("a", alpha)
multiplexed.registerProcessor("b", beta)
peer.serve_thrift({"alpha": alpha, "beta": beta, "multiplexed": multiplexed}[sys.argv[1]])
