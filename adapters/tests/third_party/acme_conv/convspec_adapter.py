"""How convspec asks acme-conv: NumPy arrays in, a NumPy array out."""

import numpy as np

import acme_conv
from adapters import Adapter, Capabilities, Unsupported


class AcmeConv(Adapter):
    name = "acme-conv"
    version = acme_conv.__version__
    capabilities = Capabilities(dtypes=("float32",), spatial_axes=(2,))

    def cross_correlate(self, x, filters, bias=None, *, stride, padding, dilation, groups):
        self.decline_unclaimed(padding)
        if x.ndim != 4 or x.dtype != np.float32:
            raise Unsupported("acme-conv has two spatial axes, and float32 only")
        if set(dilation) != {1}:
            raise Unsupported("acme-conv has no dilation")
        if groups > 1:
            raise Unsupported("acme-conv has no groups")
        images = np.moveaxis(np.pad(x, ((0, 0), (0, 0), *padding)), 1, -1)
        kernels = np.moveaxis(filters, (1, 0), (-2, -1))
        result = np.moveaxis(acme_conv.conv2d(images, kernels, stride), -1, 1)
        return result if bias is None else result + bias.reshape(-1, 1, 1)
