"""Values of Apache's generated Python types, from the JSON form of the cases and to comparable text."""

import base64

from thrift.Thrift import TType

# Structs with fields that have no ids in the IDL get no thrift_spec from the generator.
WITHOUT_SPEC = {
    "Implicit": {"first": (TType.STRING, "UTF8"), "second": (TType.I32, None), "third": (TType.LIST, (TType.I64, None, False))},
    "implicit_args_args": {"text": (TType.STRING, "UTF8"), "number": (TType.I32, None)},
}


def fields_of(cls):
    """Gives {name: (type, type arguments)} of a generated class."""
    if cls.__name__ in WITHOUT_SPEC:
        return WITHOUT_SPEC[cls.__name__]
    return {s[2]: (s[1], s[3]) for s in cls.thrift_spec if s}


def load_struct(cls, value):
    """Makes an object of a generated class from its fields in JSON form."""
    fields = fields_of(cls)
    return cls(**{name: load(*fields[name], v) for name, v in value.items()})


def load(ttype, args, v):
    """Makes a value of a Thrift type from its JSON form."""
    if ttype == TType.STRUCT:
        return load_struct(args[0], v)
    if ttype in (TType.BYTE, TType.I16, TType.I32, TType.I64):
        return int(v)
    if ttype == TType.DOUBLE:
        return float(v)
    if ttype == TType.STRING:
        return base64.b64decode(v) if args == "BINARY" else v
    if ttype == TType.BOOL:
        return v if isinstance(v, bool) else v == "true"
    if isinstance(v, dict) and list(v) == ["items"]:
        v = v["items"]
    if ttype == TType.LIST:
        return [load(args[0], args[1], e) for e in v]
    if ttype == TType.SET:
        return {load(args[0], args[1], e) for e in v}
    pairs = v.items() if isinstance(v, dict) else [(e["key"], e["value"]) for e in v]
    return {load(args[0], args[1], k): load(args[2], args[3], e) for k, e in pairs}


def text(v):
    """Writes a value so that equal values have equal text: maps and sets sorted, an absent container as an empty one."""
    if isinstance(v, list):
        return "[" + ", ".join(text(e) for e in v) + "]" if v else "empty"
    if isinstance(v, (set, frozenset)):
        return "{" + ", ".join(sorted(text(e) for e in v)) + "}" if v else "empty"
    if isinstance(v, dict):
        return "{" + ", ".join(sorted(text(k) + ": " + text(e) for k, e in v.items())) + "}" if v else "empty"
    if hasattr(v, "__dict__"):
        parts = ["%s=%s" % (k, text(e)) for k, e in sorted(vars(v).items()) if e is not None and text(e) != "empty"]
        return type(v).__name__ + "(" + ", ".join(parts) + ")"
    return repr(v)
