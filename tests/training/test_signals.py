"""The first signal is a request, the second acts, and afterwards all is as before."""

import os
import signal
import threading

import pytest

from gan_knowledge_gaps.training.signals import Interrupted, stop_request

BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def received():
    """The signals that reach the handlers from before."""
    signals = []
    previous = {
        number: signal.signal(number, lambda number, frame: signals.append(number))
        for number in BOTH
    }
    yield signals
    for number, handler in previous.items():
        signal.signal(number, handler)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", BOTH)
def test_the_first_is_a_request_and_the_second_acts(received, number):
    with stop_request() as stop:
        assert not stop
        send(number)
        assert stop
        assert stop.number == number
        assert received == []
        send(number)
        assert received == [number]


def test_one_of_the_other_kind_is_a_request_too(received):
    with stop_request() as stop:
        send(signal.SIGINT)
        send(signal.SIGTERM)
        assert stop.number == signal.SIGTERM
    assert received == []


@pytest.mark.parametrize("sent", [(), (signal.SIGTERM,)])
def test_afterwards_signals_act_as_before(received, sent):
    before = [signal.getsignal(number) for number in BOTH]
    with stop_request():
        for number in sent:
            send(number)
    assert [signal.getsignal(number) for number in BOTH] == before
    send(signal.SIGTERM)
    assert received == [signal.SIGTERM]


def test_an_error_inside_also_leaves_them_as_before():
    before = [signal.getsignal(number) for number in BOTH]
    with pytest.raises(ZeroDivisionError), stop_request():
        raise ZeroDivisionError
    assert [signal.getsignal(number) for number in BOTH] == before


def test_each_request_is_new():
    with stop_request() as first:
        send(signal.SIGTERM)
    with stop_request() as second:
        assert first
        assert not second


def test_in_a_thread_signals_are_left_alone():
    # Python lets the main thread alone set handlers.
    before = [signal.getsignal(number) for number in BOTH]
    seen = []

    def work():
        with stop_request() as stop:
            seen.append((bool(stop), [signal.getsignal(number) for number in BOTH]))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]
    assert [signal.getsignal(number) for number in BOTH] == before


@pytest.mark.parametrize(
    ("number", "code", "name"), [(signal.SIGINT, 130, "SIGINT"), (signal.SIGTERM, 143, "SIGTERM")]
)
def test_the_exit_code_is_the_shells(number, code, name):
    assert Interrupted(number).exit_code == code
    assert str(Interrupted(number)) == f"stopped by {name}"
