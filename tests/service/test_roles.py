"""Roles: what one implies, and where it holds."""

from chaos.service.roles import Identity


def test_roles_imply_the_lesser_ones_and_purging_stands_apart() -> None:
    someone = Identity("id", "account", grants={"*": ["Writer"]})
    assert someone.roles("any") == {"Reader", "ReaderPlus", "Writer"}
    assert Identity("id", "account", grants={"*": ["KeyPurge"]}).roles("any") == {"KeyPurge"}
    assert "KeyPurge" not in Identity("id", "a", grants={"*": ["Manager"]}).roles("any")


def test_a_grant_on_one_instance_holds_only_there() -> None:
    someone = Identity("id", "account", grants={"*": ["Reader"], "mine": ["Manager"]})
    assert "Manager" in someone.roles("mine")
    assert someone.roles("yours") == {"Reader"}
    assert Identity("id", "account", grants={"mine": ["Reader"]}).roles("yours") == frozenset()
