"""Faults in dtypes and rounding."""

from typing import Any

import numpy as np

from conformance.selftest.faults.catalogue import fault
from reference import cross_correlate
from reference.formats import rounded
from reference.geometry import Array


@fault("TYPE-1", "float32")
def results_always_in_float64(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, filters, bias, **p).astype("float64")


@fault("TYPE-3", "float64")
def float64_computed_in_float32(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    bias = None if bias is None else bias.astype("float32")
    return cross_correlate(x.astype("float32"), filters.astype("float32"), bias, **p).astype(
        x.dtype
    )


@fault("TYPE-3", "float32")
def inputs_rounded_to_tf32(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(rounded(x, 11), rounded(filters, 11), bias, **p)


@fault("TYPE-3", "float32")
def inputs_rounded_to_bfloat16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(rounded(x, 8), rounded(filters, 8), bias, **p)


@fault("TYPE-3", "float32")
def filters_rounded_to_20_bits(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x, rounded(filters, 20), bias, **p)


@fault("TYPE-3", "float32")
def sums_in_float16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    with np.errstate(over="ignore"):
        return cross_correlate(x, filters, bias, **p).astype("float16").astype(x.dtype)


@fault("TYPE-3", "float64")
def small_results_flushed(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return np.where(np.abs(result) < 1e-6, 0, result)


@fault("CORR-12", "float64")
def sums_wrap_in_int32(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    if np.array_equal(result, np.rint(result)):
        return result.astype("int64").astype("int32").astype(x.dtype)
    return result


@fault("CORR-12", "float32")
def sums_saturate_at_int16(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return np.clip(cross_correlate(x, filters, bias, **p), -32768, 32767)


@fault("TYPE-2", "float16")
def float16_claimed_but_wrong(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return result * 2 if x.dtype == "float16" else result


@fault("TYPE-2", "float16")
def float16_claimed_but_refused(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if x.dtype == "float16":
        raise TypeError("no kernel for float16")
    return cross_correlate(x, filters, bias, **p)
