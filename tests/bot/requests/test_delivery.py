"""How long to wait after an answer that could not be delivered."""

from bot.requests.delivery import MAX_RETRY_SECONDS, DeliveryError


def test_the_wait_doubles_up_to_a_limit_that_holds_for_ever() -> None:
    error = DeliveryError("no way")
    assert [error.wait(attempt) for attempt in range(4)] == [1.0, 2.0, 4.0, 8.0]
    assert error.wait(9) == error.wait(5000) == MAX_RETRY_SECONDS


def test_what_discord_asks_for_is_kept_to() -> None:
    assert DeliveryError("too fast", retry_after=0.5).wait(7) == 0.5
