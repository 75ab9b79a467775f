"""A cluster's notice stops a training where somebody handles it, and reaches them afterwards."""

import os
import signal

import pytest

from gan_knowledge_gaps.training.signals import SIGNALS, notices, stop_request

NOTICES = (signal.SIGUSR1, signal.SIGUSR2)


@pytest.fixture(params=NOTICES)
def handled(request):
    """The number of a notice, and the notices that reached its handler."""
    received = []
    before = signal.signal(request.param, lambda number, frame: received.append(number))
    yield request.param, received
    signal.signal(request.param, before)


def test_a_notice_that_is_handled_is_a_request(handled):
    number, received = handled
    assert notices() == [number]
    with stop_request() as stop:
        os.kill(os.getpid(), number)
        assert stop.number == number and stop.number in SIGNALS
        assert received == []
    os.kill(os.getpid(), number)
    assert received == [number]


@pytest.mark.parametrize("number", NOTICES)
def test_without_a_handler_it_is_left_alone(number):
    assert notices() == []
    with stop_request():
        assert signal.getsignal(number) == signal.SIG_DFL
