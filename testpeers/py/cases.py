"""The cases of ../cases.json, for the Thrift and the gRPC programs of this folder."""

import json
import os
import sys


def load():
    """Gives all cases; an echo's response is filled in."""
    with open(os.path.join(os.path.dirname(__file__), "..", "cases.json"), encoding="utf-8") as f:
        cases = json.load(f)
    for c in cases:
        if "response" not in c and "exception" not in c:
            c["response"] = {"success": c["request"]["value"]}
    return cases


def run(check):
    """Runs check(case), which raises AssertionError with the difference, for each case; prints a line each. Cases
    named in WEFT_LEAVE_OUT are left out. Gives the number of failures."""
    failed = 0
    left_out = os.environ.get("WEFT_LEAVE_OUT", "").split(",")
    for c in load():
        if c["name"] in left_out:
            print("skip ", c["name"])
            continue
        try:
            check(c)
            print("ok   ", c["name"])
        except Exception as e:  # whatever it is, this case failed
            failed += 1
            print("FAIL ", c["name"], "-", type(e).__name__, e)
        sys.stdout.flush()
    return failed


def expect(got, want):
    """Raises where two texts differ."""
    if got != want:
        raise AssertionError("got\n  %s\nwant\n  %s" % (got, want))
