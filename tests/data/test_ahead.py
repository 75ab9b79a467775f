"""Items made ahead: the same, a few, failing at their turn, and no thread left behind."""

import contextlib
import os
import signal
import threading
import time

import pytest

from gan_knowledge_gaps.data.ahead import ahead


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def test_they_are_the_same_in_their_order():
    assert list(ahead(range(50))) == list(range(50))
    assert list(ahead([], most=9)) == []
    # None is an item like any other.
    assert list(ahead([None, 0, None])) == [None, 0, None]


@pytest.mark.parametrize("most", [1, 2, 5])
def test_so_many_are_made_ahead_and_no_more(most):
    made = []
    with contextlib.closing(ahead((made.append(i) or i for i in range(99)), most)) as items:
        assert made == []  # nothing before the first is asked for
        for used in range(3):
            assert next(items) == used
            deadline = time.monotonic() + 10
            while len(made) < used + 1 + most and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(0.02)  # in which a thread without a bound would make many more
            assert len(made) == used + 1 + most


def test_the_next_is_made_while_one_is_in_use():
    second_is_made, threads = threading.Event(), set()

    def numbers():
        for i in range(2):
            threads.add(threading.current_thread())
            if i:
                second_is_made.set()
            yield i

    items = ahead(numbers())
    assert next(items) == 0
    assert second_is_made.wait(10)
    assert list(items) == [1]
    assert len(threads) == 1 and threading.current_thread() not in threads


def test_what_fails_fails_at_its_turn_and_nothing_behind_it_is_made():
    made = []

    def make(i):
        made.append(i)
        return 1 // (2 - i)

    items = ahead(map(make, range(9)), most=4)
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(items)
    assert made == [0, 1, 2]
    assert list(items) == []


@pytest.mark.parametrize("error", [None, ZeroDivisionError, KeyboardInterrupt])
def test_who_leaves_waits_for_the_item_that_is_being_made_and_no_other(error):
    begun, made = threading.Event(), []

    def numbers():
        for i in range(9):
            if i:
                begun.set()
                time.sleep(0.05)
            made.append(i)
            yield i

    with contextlib.suppress(ZeroDivisionError, KeyboardInterrupt):
        for _ in ahead(numbers(), most=4):
            assert begun.wait(10)
            if error is not None:
                raise error
            break
    assert made == [0, 1]


def test_ctrl_c_reaches_who_waits_for_an_item():
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    begun, go_on = threading.Event(), threading.Event()

    def numbers():
        begun.set()
        go_on.wait(10)
        yield 1

    def interrupt():
        begun.wait(10)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        go_on.set()

    other = threading.Thread(target=interrupt)
    other.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(ahead(numbers()))
    finally:
        other.join()
        signal.signal(signal.SIGINT, previous)
