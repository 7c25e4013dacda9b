"""The side of a program in the talk of lines: reads orders, writes answers and happenings."""

import asyncio
import json
import sys
import traceback


class Refused(Exception):
    """The server has said no."""

    def __init__(self, condition, kind=None):
        super().__init__(condition)
        self.refusal = {'condition': condition, **({'type': kind} if kind else {})}


def write(**fact):
    sys.stdout.write(json.dumps({name: value for name, value in fact.items() if value is not None}) + '\n')
    sys.stdout.flush()


async def perform(person, number, verb, order):
    try:
        write(number=number, result=await getattr(person, verb)(**order))
    except Refused as no:
        write(number=number, refused=no.refusal)
    except Exception:  # the suite decides what it means
        write(number=number, fault=traceback.format_exc())


async def serve(begin):
    """Serves orders until there are no more. `begin` makes somebody new of a function that tells what happens."""
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(loop=loop)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    people = {}
    write(who='', event='ready')
    running = set()
    while line := await orders.readline():
        order = json.loads(line)
        number, who, verb = order.pop('number'), order.pop('who'), order.pop('do')
        if who not in people:
            people[who] = begin(lambda event, who=who, **facts: write(who=who, event=event, **facts))
        # not waited for: others go on meanwhile
        task = asyncio.create_task(perform(people[who], number, verb, order))
        running.add(task)
        task.add_done_callback(running.discard)
    if people:
        await asyncio.wait([asyncio.create_task(person.logout()) for person in people.values()], timeout=1)
