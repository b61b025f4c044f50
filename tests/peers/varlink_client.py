"""A foreign Varlink client at the daemon's socket: introspects, calls, streams, and is refused.

usage: varlink_client.py SOCKET SETTINGS USER PASSWORD

Prints one JSON line a step; ends with 0 only if each went as expected.
"""

import json
import sys

import varlink


def say(step, **what):
    print(json.dumps({"step": step, **what}), flush=True)


def main():
    socket, settings, user, password = sys.argv[1:]
    client = varlink.Client.new_with_address("unix:" + socket)

    # The client parses the description of each interface that the service names.
    info = client.get_interfaces()
    interface = client.get_interface("io.rasman.Manager")
    say("introspected", interfaces=sorted(info), methods=len(list(interface.members)))

    with client.open("io.rasman.Manager") as manager:
        say("described", **manager.Describe())
        dial = {
            "settings": json.loads(settings),
            "credentials": {"user": user, "domain": "", "password": password},
        }
        states = []
        for told in manager.Dial(**dial, _more=True):
            handle = told["handle"]
            notification = told.get("notification")
            if notification:
                states.append(notification["name"])
        say("dialled", handle=handle, states=states)
        say("listed", connections=manager.List()["connections"])
        say("status", **manager.Status(handle)["status"])
        gone = manager.HangUp(handle, None, True, None)
        say("gone", code=gone["gone"]["code"])
        try:
            manager.Status(handle)
        except varlink.VarlinkError as error:
            say("refused", error=error.error(), code=error.parameters()["cause"]["code"])


main()
