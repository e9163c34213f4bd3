"""AddTagsToStream, RemoveTagsFromStream, ListTagsForStream."""

import pytest

CHARACTERS = ("InvalidArgumentException",
              "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, "
              "_ . / = + - % @.")


def tags_of(kinesis, stream, **members):
    answer = kinesis.list_tags_for_stream(StreamName=stream, **members)
    return [(tag["Key"], tag["Value"]) for tag in answer["Tags"]], answer["HasMoreTags"]


def test_tags_are_listed_in_order_of_their_code_units(kinesis, stream):
    keys = ["a", "ÿ", "_", "Zb", "@", "=", "0", "/", "+", " "]
    kinesis.add_tags_to_stream(StreamName=stream, Tags={key: f"of {key}" for key in keys})

    listed = [" ", "+", "/", "0", "=", "@", "Zb", "_", "a", "ÿ"]
    assert tags_of(kinesis, stream) == ([(key, f"of {key}") for key in listed], False)


def test_a_tag_given_again_is_replaced(kinesis, stream):
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"a": "1", "b": "2"})
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"b": "", "c": "3"})

    assert tags_of(kinesis, stream) == ([("a", "1"), ("b", ""), ("c", "3")], False)


def test_tags_in_pages(kinesis, stream):
    kinesis.add_tags_to_stream(StreamName=stream, Tags={key: "x" for key in "abcde"})

    assert tags_of(kinesis, stream, Limit=2) == ([("a", "x"), ("b", "x")], True)
    assert tags_of(kinesis, stream, Limit=2, ExclusiveStartTagKey="b") == ([("c", "x"), ("d", "x")], True)
    assert tags_of(kinesis, stream, Limit=2, ExclusiveStartTagKey="d") == ([("e", "x")], False)
    assert tags_of(kinesis, stream, ExclusiveStartTagKey="bb") == ([("c", "x"), ("d", "x"), ("e", "x")], False)


@pytest.mark.parametrize("tags", [{"team:cost-center": "a"}, {"repo": "https://x/y"}, {"env:stage": "dev"}])
def test_keys_and_values_have_colons_and_slashes(kinesis, make_stream, tags):
    stream = make_stream(1, Tags=tags)
    assert tags_of(kinesis, stream) == (list(tags.items()), False)
    kinesis.remove_tags_from_stream(StreamName=stream, TagKeys=list(tags))
    assert tags_of(kinesis, stream) == ([], False)

    kinesis.add_tags_to_stream(StreamName=stream, Tags=tags)

    assert tags_of(kinesis, stream) == (list(tags.items()), False)


def test_unknown_keys_are_removed_without_complaint(kinesis, stream):
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"a": "1", "b": "2"})

    kinesis.remove_tags_from_stream(StreamName=stream, TagKeys=["b", "nothing"])

    assert tags_of(kinesis, stream) == ([("a", "1")], False)


@pytest.mark.parametrize("tags", [{"a;": "b"}, {"a": "b#"}, {"a": "€"}, {"a\n": "b"}, {"a": "\u00bf"}, {"aws:x": "b"}])
def test_characters_a_tag_cannot_have(wire, stream, tags):
    assert wire.call("AddTagsToStream", {"StreamName": stream, "Tags": tags}).error == CHARACTERS


@pytest.mark.parametrize("operation, members, verb", [
    ("AddTagsToStream", {"Tags": {"a": "100%"}}, "add tags to"),
    ("AddTagsToStream", {"Tags": {"%": "a"}}, "add tags to"),
    ("RemoveTagsFromStream", {"TagKeys": ["%"]}, "remove tags from"),
])
def test_a_percent_sign_is_valid_and_yet_refused(wire, stream, account, operation, members, verb):
    assert wire.call(operation, {"StreamName": stream, **members}).error == (
        "InvalidArgumentException",
        f"Failed to {verb} stream {stream} under account {account} because some tags contained illegal characters. The "
        "allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.")


def test_fifty_tags_and_no_more(kinesis, wire, stream, account):
    kinesis.add_tags_to_stream(StreamName=stream, Tags={f"key{i}": "x" for i in range(50)})
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"key0": "again"})

    assert wire.call("AddTagsToStream", {"StreamName": stream, "Tags": {"one more": "x"}}).error == (
        "InvalidArgumentException",
        f"Failed to add tags to stream {stream} under account {account} because a given stream cannot have more than "
        "10 tags associated with it.")
    assert len(tags_of(kinesis, stream, Limit=50)[0]) == 50
