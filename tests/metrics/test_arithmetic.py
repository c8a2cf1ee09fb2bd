import numpy as np
import pytest

from benchmark.metrics.arithmetic import inner, product
from tests.metrics.signals import noise


@pytest.mark.parametrize(
    "shape", [(1, 5, 3), (3, 64, 40), (4, 64, 40), (1001, 64, 40), (7, 441, 100), (300, 257, 42)]
)
def test_product_is_the_matrix_product(shape):
    n, k, m = shape
    a, b = noise(n * k, "a").reshape(n, k), noise(k * m, "b").reshape(k, m)
    np.testing.assert_allclose(product(a, b), a @ b, atol=1e-10)


def test_inner_is_the_sum_of_products():
    a, b = noise(1000, "a"), noise(1000, "b")
    assert inner(a, b) == pytest.approx(np.dot(a, b))
