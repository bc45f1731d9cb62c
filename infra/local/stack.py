"""Manages the local stack: the real template on an AWS emulator, and the sandbox in place of external services. Called by the Makefile; see `stack.py --help`."""

import argparse
import os
import subprocess
import sys

import emulators
import tools
from console import Failure, say
from daemon import end_session, open_standard_streams
from instance import Instance
from interruptions import delayed_interruptions, exit_on_interruption, ignore_interruptions
from network import sandbox_address

# Exit status of `stack.py can-run` if the machine lacks something. It differs from the exit status of an error.
CANNOT_RUN = 3
# How long the processes of an interrupted command may take to end, before they are killed. Test programs close browsers in this time.
SECONDS_TO_END_COMMAND = 5


def main():
    open_standard_streams()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instance", default="dev", help="name of the stack; its data, logs and env file are in .local/NAME (default: dev)")
    parser.add_argument("--emulator", default=emulators.Ministack.name, choices=emulators.KNOWN, help="the AWS emulator (default: ministack)")
    verbs = parser.add_subparsers(dest="verb", required=True)
    some_tools = verbs.add_parser("tools", help="install the pinned tools into .tools")
    some_tools.add_argument("names", nargs="*", help="sets of tools, each with a file infra/local/requirements-NAME.txt; by default those that the emulator and a deployment need")
    verbs.add_parser("can-run", help="print what this machine lacks for the emulator, and exit with status 3 if it lacks something; installs nothing")
    up = verbs.add_parser("up", help="start the daemons that do not run, and deploy the stack if it has changed")
    up.add_argument("--faulty", action="store_true", help="with proxies between the functions and the emulator, for tests/faults")
    up.add_argument("--tls", action="store_true", help="with https for browsers, and a certificate of its own (docs/browsers.md)")
    verbs.add_parser("down", help="stop the stack; its data stays")
    verbs.add_parser("status", help="print the URLs of the running stack")
    around = verbs.add_parser("around", help="run a command with a fresh stack on free ports, and remove the stack afterwards in any case")
    around.add_argument("--faulty", action="store_true", help="as for up")
    around.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    instance = Instance(arguments.instance, arguments.emulator)
    match arguments.verb:
        case "tools" if arguments.names:
            tools.install(arguments.names)
        case "tools":
            instance.install()
        case "can-run":
            sandbox_address()
            return can_run_on(instance.emulator)
        case "up":
            exit_on_interruption()
            instance.up(faulty=arguments.faulty, tls=arguments.tls)
        case "down":
            instance.down()
            say(f"stack {instance.name} is stopped; the data that its emulator persists stays in {instance.folder.relative_to(tools.ROOT)}")
        case "status":
            status(instance)
        case "around":
            return around_command(instance, arguments.command, arguments.faulty)
    return 0


def can_run_on(emulator):
    """Prints what the machine lacks for the emulator, and other notes about the machine. Returns the exit status."""
    lacking = emulator.missing()
    if lacking:
        say(f"- {emulator.needs(lacking)}")
    for note in emulator.notes():
        say(f"- {note}")
    return CANNOT_RUN if lacking else 0


def status(instance):
    if not instance.is_up():
        say(f"stack {instance.name} is not running; `make run` starts it")
        return
    say(f"""
The stack runs until `make stop`:
  web application        {instance.origin()}/
  sandbox                {instance.url("sandbox")}/
  SMS and email          {instance.url("sandbox")}/inbox
  people                 {instance.url("sandbox")}/people.json
  {instance.emulator.title + ",":<22} {instance.url("emulator")}  (settings: {instance.env_file.relative_to(tools.ROOT)})
  logs                   {instance.folder.relative_to(tools.ROOT)}/logs""")
    if instance.uses_tls():
        say(f"  CA certificate         {(instance.certificates / 'ca.pem').relative_to(tools.ROOT)}  (to be trusted by browsers: docs/browsers.md)")


def around_command(instance, command, faulty):
    # An earlier run that was killed may have left a stack behind.
    instance.remove()
    exit_on_interruption()
    process = None
    try:
        instance.up(free_ports=True, faulty=faulty)
        with delayed_interruptions():
            # The command has a session of its own, so that all its processes can be ended. Therefore it gets no signals from the
            # terminal and cannot read from it.
            process = subprocess.Popen(command, env=os.environ | instance.env(), stdin=subprocess.DEVNULL, start_new_session=True)
        # Waits without reaping the process, so that its number stays the number of its session.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    finally:
        ignore_interruptions()
        if process:
            end_session(process.pid, SECONDS_TO_END_COMMAND)
        instance.remove()
    code = process.wait()
    if code != 0:
        say(f"the logs of stack {instance.name} are in {instance.folder.relative_to(tools.ROOT)}/logs")
    return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"error: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
