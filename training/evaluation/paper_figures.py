"""The paper's own figures, to stand beside ours.

Table 1 (Ava-256), supplementary table 3 (NeRSemble), table 5 (light models; the column that it
heads SSIM holds PSNR) and table 2 (ablations, extreme views of Ava-256).
"""

from collections.abc import Mapping
from types import MappingProxyType

Row = Mapping[str, float]


def _row(**figures: float) -> Row:
    return MappingProxyType(figures)


def _five(psnr: float, ssim: float, lpips: float, dreamsim: float, arcface: float) -> Row:
    return _row(psnr=psnr, ssim=ssim, lpips=lpips, dreamsim=dreamsim, arcface=arcface)


def _four(psnr: float, lpips: float, dreamsim: float, arcface: float) -> Row:
    return _row(psnr=psnr, lpips=lpips, dreamsim=dreamsim, arcface=arcface)


RESULTS: Mapping[tuple[str, str], Mapping[str, Row]] = MappingProxyType(
    {
        ("Ava-256", "novel"): {
            "LGM": _five(10.5, 0.591, 0.527, 0.185, 0.722),
            "PanoHead": _five(14.8, 0.687, 0.314, 0.106, 0.358),
            "SphereHead": _five(14.7, 0.693, 0.317, 0.110, 0.379),
            "GAGAvatar": _five(15.9, 0.743, 0.274, 0.114, 0.348),
            "LAM": _five(13.8, 0.695, 0.353, 0.143, 0.406),
            "PercHead (paper)": _five(16.4, 0.691, 0.269, 0.092, 0.292),
        },
        ("Ava-256", "extreme"): {
            "LGM": _five(9.9, 0.586, 0.565, 0.262, 0.737),
            "PanoHead": _five(14.2, 0.658, 0.349, 0.131, 0.416),
            "SphereHead": _five(14.3, 0.661, 0.362, 0.149, 0.454),
            "GAGAvatar": _five(13.5, 0.694, 0.364, 0.183, 0.523),
            "LAM": _five(11.4, 0.634, 0.455, 0.219, 0.568),
            "PercHead (paper)": _five(15.9, 0.678, 0.291, 0.106, 0.282),
        },
        ("NeRSemble", "novel"): {
            "LGM": _five(11.4, 0.662, 0.500, 0.189, 0.701),
            "PanoHead": _five(15.4, 0.750, 0.261, 0.106, 0.338),
            "SphereHead": _five(15.3, 0.758, 0.260, 0.106, 0.336),
            "GAGAvatar": _five(16.9, 0.798, 0.217, 0.107, 0.288),
            "LAM": _five(14.5, 0.758, 0.303, 0.134, 0.353),
            "PercHead (paper)": _five(18.4, 0.764, 0.190, 0.071, 0.256),
        },
        ("NeRSemble", "extreme"): {
            "LGM": _five(9.9, 0.641, 0.563, 0.243, 0.758),
            "PanoHead": _five(14.4, 0.716, 0.310, 0.119, 0.373),
            "SphereHead": _five(14.3, 0.720, 0.321, 0.135, 0.433),
            "GAGAvatar": _five(14.6, 0.750, 0.317, 0.162, 0.476),
            "LAM": _five(11.6, 0.682, 0.433, 0.204, 0.551),
            "PercHead (paper)": _five(17.7, 0.741, 0.221, 0.081, 0.257),
        },
    }
)

ABLATIONS: Mapping[str, Row] = MappingProxyType(
    {
        "data-2d": _four(6.5, 0.643, 0.436, 0.752),
        "data-multi-view": _four(15.6, 0.299, 0.111, 0.308),
        "data-both": _four(15.9, 0.291, 0.106, 0.282),
        "loss-lpips-l1": _four(15.9, 0.285, 0.115, 0.300),
        "loss-dino": _four(15.4, 0.383, 0.149, 0.340),
        "loss-sam": _four(15.9, 0.309, 0.107, 0.311),
        "loss-both": _four(15.9, 0.291, 0.106, 0.282),
        "sharpening-without": _four(15.9, 0.301, 0.116, 0.282),
        "sharpening-with": _four(15.9, 0.291, 0.106, 0.282),
        "light-s": _four(15.4, 0.313, 0.120, 0.316),
        "light": _four(16.1, 0.298, 0.110, 0.285),
        "full": _four(15.9, 0.291, 0.106, 0.282),
    }
)
"""Extreme views of Ava-256, by the name of our configuration (training/ablations.py)."""
