"""The five rows of the timing table: what is trained, how long, and how closely two implementations must agree.
Standard library only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    title: str
    parameters: dict  # name to shape
    epochs: int
    rate: float
    clip: float = 0.0  # of the gradients' global norm; 0: none
    first: int = 10  # so many first losses are held to FIRST_TOLERANCE
    final_tolerance: float = 0.0  # relative, of the mean loss over all batches after training


# First losses from the same initial values. charlm's start is chaotic: weights that differ by 1e-7 of themselves differ
# by 1e-5 in its first loss and by 1e-2 in its second, so of its losses only the first counts.
FIRST_TOLERANCE = 1e-4

# Final losses: linreg has converged and softmax is convex, so they meet. Six thousand updates of mlp and 600 of lenet
# amplify what rounding sets apart. charlm's 16 are chaotic: its bound only tells a model that learns from one that
# does not.
ROWS = {
    "linreg": Row("LinReg", {"w": (13, 1), "b": (1,)}, 10_000, 0.1, final_tolerance=1e-4),
    "softmax": Row("Softmax", {"w": (784, 10), "b": (10,)}, 10, 0.5, final_tolerance=2e-3),
    "mlp": Row("MLP", {"w1": (784, 64), "b1": (64,), "w2": (64, 10), "b2": (10,)}, 10, 0.5, final_tolerance=0.1),
    "lenet": Row(
        "LeNet",
        {
            "conv1.w": (20, 1, 5, 5), "conv1.b": (20,), "conv2.w": (50, 20, 5, 5), "conv2.b": (50,),
            "fc1.w": (500, 800), "fc1.b": (500,), "fc2.w": (10, 500), "fc2.b": (10,),
        },
        1, 0.1, final_tolerance=0.1,
    ),
    "charlm": Row(
        "CharLM",
        {"embed": (84, 256), "lstm.w": (512, 1024), "lstm.b": (1024,), "out.w": (256, 84), "out.b": (84,)},
        1, 4.0, clip=3.0, first=1, final_tolerance=0.2,
    ),
}  # fmt: skip


def distance(values, expected):
    """The largest relative distance of values from those expected, as far as both go; infinite where one is no number."""
    distances = [abs(a - b) / abs(b) for a, b in zip(values, expected)]
    return max((d if d == d else float("inf") for d in distances), default=0.0)
