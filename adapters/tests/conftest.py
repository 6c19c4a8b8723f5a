"""Pytest does not collect the tests of the repository that test_third_party.py copies."""

collect_ignore = ["third_party"]
