"""Watches the Linear and Conv2d layers of a PyTorch model: what goes into each, and the gradient of what comes out.

The gradient of an example's loss with respect to a layer's weight is a sum over positions t of gradient_t ⊗ input_t,
and with respect to its bias the sum of gradient_t.  A Conv2d layer is a Linear one over the positions of its output,
whose input is the patch under the kernel.
"""
import torch
from torch import nn
from torch.nn import functional

BATCH_NORMS = (nn.modules.batchnorm._BatchNorm,)  # pylint: disable=protected-access
WEIGHT_TOLERANCE = 4e-3  # relative, of the weight of a loss in the mean or sum: bf16 keeps 8 bits


class Refused(ValueError):
    """What was asked cannot be right."""


def _check_layer(name, module):
    if isinstance(module, nn.Conv2d) and module.groups != 1:
        raise Refused(f"layer {name}: expected a convolution of one group, found {module.groups}")
    if not isinstance(module, (nn.Linear, nn.Conv2d)):
        raise Refused(f"layer {name}: expected a Linear or Conv2d layer, found {type(module).__name__}")
    if not _is_plain(module):
        raise Refused(f"layer {name}: expected a weight, and perhaps a bias, as its parameters: this weight is made of "
                      "others")


def _is_plain(module):
    """Neither parametrised nor normalised: the gradient of its weight is the gradient of a parameter."""
    names = {name for name, _ in module.named_parameters(recurse=False)}
    return "weight" in names and names <= {"weight", "bias"}


def find_layers(model, names=None):
    """The Linear and Conv2d layers of a model whose weights are trained, by name; or those that are named, in their
    order.  Layers that would be refused (several groups, parametrised weights) are left out when no names are given."""
    modules = dict(model.named_modules())
    if names is None:
        names = [name for name, module in modules.items()
                 if (isinstance(module, nn.Linear) or isinstance(module, nn.Conv2d) and module.groups == 1)
                 and _is_plain(module) and module.weight.requires_grad]
    layers = {}
    for name in names:
        if name not in modules:
            raise Refused(f"layer {name}: the model has none of this name; it has {', '.join(filter(None, modules))}")
        _check_layer(name, modules[name])
        layers[name] = modules[name]
    if not layers:
        raise Refused("the model has no Linear or Conv2d layer that is trained")
    _refuse_shared(model, layers)
    return layers


def _refuse_shared(model, layers):
    owners = {}
    for name, module in model.named_modules():
        for parameter in module.parameters(recurse=False):
            owners.setdefault(id(parameter), []).append(name)
    for name, module in layers.items():
        shared = [owners[id(parameter)] for parameter in module.parameters(recurse=False)]
        for others in shared:
            if len(others) > 1:
                raise Refused(f"layer {name}: its weights are shared with {others}: the gradient of one is not its own")


def _patches(module, images):
    """The patches under the kernel, n × positions × (channels · kernel)."""
    sides = []
    for axis in (1, 0):  # the last axis is padded first
        kernel, dilation = module.kernel_size[axis], module.dilation[axis]
        if module.padding == "same":
            total = dilation * (kernel - 1)
            sides += [total // 2, total - total // 2]
        else:
            width = 0 if module.padding == "valid" else module.padding[axis]
            sides += [width, width]
    if any(sides):
        mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
        images = functional.pad(images, sides, mode=mode)
    patches = functional.unfold(images, module.kernel_size, module.dilation, 0, module.stride)
    return patches.transpose(1, 2)


class Call:
    """One use of a layer in a forward pass."""

    def __init__(self, module, given):
        self.module, self.input, self.version, self.gradient = module, given.detach(), given._version, None

    def receive(self, gradient):
        gradient = gradient.detach()
        self.gradient = gradient.clone() if self.gradient is None else self.gradient + gradient

    def n_bytes(self):
        held = (self.input, self.gradient)
        return sum(tensor.numel() * tensor.element_size() for tensor in held if tensor is not None)

    def factors(self, name, n):
        """Input (n × positions × d_in) and gradient (n × positions × d_out)."""
        given, gradient = self.input, self.gradient
        if given._version != self.version:
            raise Refused(f"layer {name}: its input was changed in place after it was used")
        for what, tensor in (("input", given), ("output", gradient)):
            if tensor.dim() < 2 or len(tensor) != n:
                raise Refused(f"layer {name}: expected a first axis of {n} examples, found {what} of shape "
                              f"{tuple(tensor.shape)}: keep the examples on the first axis")
        if isinstance(self.module, nn.Conv2d):
            return _patches(self.module, given), gradient.flatten(2).transpose(1, 2)
        return given.reshape(n, -1, given.shape[-1]), gradient.reshape(n, -1, gradient.shape[-1])


class Watch:
    """Hooks on layers that note every use of them while a batch is under way, and nothing else.

    on_error(error) is called for what goes wrong within a hook: a hook never stops training by itself."""

    def __init__(self, model, layers, on_error):
        self.model, self.layers, self._on_error = model, layers, on_error
        self.calls = None  # by layer, while a batch is under way
        self._handles = [module.register_forward_hook(self._hook(name)) for name, module in layers.items()]

    def _hook(self, name):
        def forward(module, inputs, output):
            if self.calls is None or not torch.is_grad_enabled():
                return
            try:
                if output.requires_grad:
                    call = Call(module, inputs[0])
                    output.register_hook(self._guard(call.receive))
                    self.calls[name].append(call)
            except Exception as error:  # pylint: disable=broad-except
                self._on_error(error)
        return forward

    def _guard(self, function):
        def guarded(gradient):
            try:
                function(gradient)
            except Exception as error:  # pylint: disable=broad-except
                self._on_error(error)
        return guarded

    def begin(self):
        for name, module in self.model.named_modules():
            if isinstance(module, BATCH_NORMS) and module.training:
                raise Refused(f"{name}: batch normalisation in training mode mixes the examples of a batch: none has a "
                              "gradient of its own; put it in evaluation mode, or use another normalisation")
        self.calls = {name: [] for name in self.layers}

    def end(self):
        """The calls of the batch, by layer; those whose output nobody used have no gradient, and are left out."""
        calls, self.calls = self.calls, None
        return {name: [call for call in made if call.gradient is not None] for name, made in (calls or {}).items()}

    def remove(self):
        for handle in self._handles:
            handle.remove()
        self._handles = []


class Batch:
    """A batch under way.  `losses` shows it the losses of the examples, one each, before they are reduced."""

    def __init__(self, samples, on_error):
        self.samples = samples.tolist() if hasattr(samples, "tolist") else list(samples)
        self.n, self.values = len(self.samples), None
        self.weight = 1.0  # of every loss in what backward() is called on; a number or one per example
        self._on_error, self._found = on_error, None

    def losses(self, losses):
        """Checks, after backward(), that the losses were reduced as stated.  Gives them back."""
        try:
            if losses.shape != (self.n,):
                raise Refused(f"expected one loss for each of {self.n} examples, found shape {tuple(losses.shape)}")
            self.values = losses.detach()
            losses.register_hook(self._receive)
        except Exception as error:  # pylint: disable=broad-except
            self._on_error(error)
        return losses

    def _receive(self, gradient):
        found = gradient.detach()
        self._found = found if self._found is None else self._found + found

    def check(self, needed):
        """Whether the weights of the losses are what was stated.  needed: they must have been shown."""
        if self._found is None:
            if needed:
                raise Refused("the losses of the examples were not seen: write losses = batch.losses(losses), with "
                              "reduction=\"none\", before their mean or sum")
            return
        expected = torch.as_tensor(self.weight, dtype=torch.float64).expand(self.n)
        found = self._found.double().cpu()
        wrong = (found - expected).abs() > WEIGHT_TOLERANCE * expected.abs()
        if wrong.any():
            at = int(wrong.nonzero()[0])
            raise Refused(f"expected the loss of example {at} of the batch to have weight {float(expected[at]):.6g}, "
                          f"found {float(found[at]):.6g}: state how losses are reduced (reduction, accumulate, "
                          "loss_scale)")


def begin_batch(watch, samples, weight_of, on_error):
    """A batch whose uses of layers are noted from here on.  watch: None if there is nothing to note."""
    batch = Batch([], on_error)
    try:
        batch = Batch(samples, on_error)
        batch.weight = weight_of(batch.n)
        if watch is not None:
            watch.begin()
    except Exception as error:  # pylint: disable=broad-except
        on_error(error)
    return batch


def stated_weight(reduction, n, accumulate, loss_scale):
    """The weight of a loss, for a batch of n examples whose mean or sum is divided by `accumulate`."""
    if reduction not in ("mean", "sum"):
        raise Refused(f'reduction: expected "mean" or "sum", found {reduction!r}')
    return loss_scale / (accumulate * (n if reduction == "mean" else 1))


def join_calls(name, calls, n):
    """The factors of all calls of a layer, one after the other along the positions."""
    pairs = [call.factors(name, n) for call in calls]
    return tuple(torch.cat(parts, dim=1) if len(parts) > 1 else parts[0] for parts in zip(*pairs))
