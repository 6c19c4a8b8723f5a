"""A call of PyTorch as lines of Python, in each of the modes of its adapters."""

from adapters.contract import Padding, Sizes
from adapters.torch.layers import padding_of
from adapters.torch.modes import Modes


def script_of(
    modes: Modes,
    device: str,
    *,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    bias: bool,
    dtype: str,
) -> str:
    """The lines; see :meth:`adapters.contract.Adapter.script`."""
    axes, before, amount = len(stride), *padding_of(padding, stride)
    names = ("x", "filters", "bias") if bias else ("x", "filters")
    settings = [f"    {stride=}, padding={amount!r},", f"    {dilation=}, {groups=},"]
    lines = ["import torch", "", *_flags(modes, device)]
    lines += [f"{name} = {_tensor(name, modes, device, axes, dtype)}" for name in names]
    pad = [f"x = torch.nn.functional.pad(x, {before})"] if before else []
    call = [f"torch.nn.functional.conv{axes}d(", f"    {', '.join(names)},", *settings, ")"]
    if modes.modules:
        lines += [
            f"conv = torch.nn.Conv{axes}d(",
            f"    {groups} * filters.shape[1], len(filters), tuple(filters.shape[2:]),",
            *settings,
            f"    {bias=}, dtype=x.dtype, device=x.device,",
            ").requires_grad_(False)",
            "conv.weight.data = filters",
            *(["conv.bias.data = bias"] if bias else []),
        ]
        call = ["conv(x)"]
    elif modes.compiled:
        head = f"def cross_correlate({', '.join(names)}):"
        body = [*pad, f"return {call[0]}", *call[1:]]
        lines += ["", "@torch.compile(fullgraph=True)", head, *("    " + line for line in body), ""]
        pad, call = [], [f"cross_correlate({', '.join(names)})"]
    return "\n".join([*lines, *pad, f"got = {call[0]}", *call[1:], _array(dtype)])


def _flags(modes: Modes, device: str) -> list[str]:
    lines = ["torch.backends.cudnn.allow_tf32 = False"] if device == "cuda" else []
    return [*lines, "torch.backends.mkldnn.set_flags(False)"] if modes.without_onednn else lines


def _tensor(name: str, modes: Modes, device: str, axes: int, dtype: str) -> str:
    tensor = f"torch.from_numpy({name})"
    if dtype == "bfloat16":
        tensor = f'torch.from_numpy({name}.view("int16")).view(torch.bfloat16)'
    if device == "cuda":
        tensor += ".cuda()"
    if modes.channels_last and name != "bias" and axes > 1:
        layout = "channels_last" if axes == 2 else "channels_last_3d"
        tensor += f".to(memory_format=torch.{layout})"
    return tensor


def _array(dtype: str) -> str:
    if dtype == "bfloat16":
        return "got = got.cpu().view(torch.int16).numpy().view(ml_dtypes.bfloat16)"
    return "got = got.cpu().numpy()"
