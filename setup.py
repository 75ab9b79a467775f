"""Packaging. TensorFlow is an extra, so that its CPU and GPU wheels never collide."""

import re
import shutil
import subprocess
from pathlib import Path

from setuptools import find_packages, setup

ROOMS = (
    "classifiers",
    "data",
    "dcgan",
    "evaluation",
    "experiments",
    "lab",
    "metrics",
    "report",
    "stylegan2",
    "training",
)
INCLUDED = [f"{room}{rest}" for room in ROOMS for rest in ("", ".*")]
PACKAGE = "gan_knowledge_gaps"
FOLDER = Path(__file__).parent


def repository() -> str:
    """The address of the clone's origin; empty where it has none on the web."""
    if not (FOLDER / ".git").exists() or shutil.which("git") is None:
        return ""
    asked = ["git", "-C", str(FOLDER), "config", "--get", "remote.origin.url"]
    origin = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    parts = re.fullmatch(r"(?:https://|ssh://git@|git@)([\w.-]+)[:/](.+?)(?:\.git)?/?", origin)
    return f"https://{parts[1]}/{parts[2]}" if parts else ""


def readme(address: str) -> str:
    """README.md; an index of packages shows it, where links and pictures need whole addresses."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    if not address:
        return text

    def whole(link: re.Match) -> str:
        kind = "raw" if link[0].startswith("!") else "blob"
        return f"{link[1]}({address}/{kind}/HEAD/{link[2]})"

    return re.sub(r"(!?\[[^\]]*\])\((?!https?:|#)([^)]+)\)", whole, text)


REPOSITORY = repository()

setup(
    name="gan-knowledge-gaps",
    version="0.1.0",
    description="Sequential training of GANs against GAN-classifiers (Pathak & Dufour, CVPR 2023)",
    long_description=readme(REPOSITORY),
    long_description_content_type="text/markdown",
    author="The authors of gan-knowledge-gaps",
    keywords=["GAN", "StyleGAN2", "image forensics", "detection of generated images"],
    project_urls={
        "Paper": "https://arxiv.org/abs/2303.15533",
        **({"Source": REPOSITORY} if REPOSITORY else {}),
    },
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11,<3.14",
    # The rooms lie beside the package here, and inside it where it is installed.
    packages=[PACKAGE, *(f"{PACKAGE}.{room}" for room in find_packages(include=INCLUDED))],
    package_dir={f"{PACKAGE}.{room}": room for room in ROOMS},
    package_data={
        "": ["*.pyi"],
        PACKAGE: ["py.typed"],
        f"{PACKAGE}.classifiers.web": ["templates/*"],
        f"{PACKAGE}.report": ["templates/*"],
        f"{PACKAGE}.training.native": ["kernels/*"],
    },
    entry_points={"console_scripts": [f"gaps = {PACKAGE}.__main__:main"]},
    install_requires=[
        "absl-py>=2.1",
        "filelock>=3.15",
        "imagehash>=4.3.2",  # near-duplicates among the images of a detector
        "imageio>=2.34",
        "imageio-ffmpeg>=0.5",
        "jinja2>=3.1",
        "keras>=3.15,<4",
        "lazy-loader>=0.6",
        "matplotlib>=3.9",
        "numpy>=2.0",
        "packaging>=24",
        "pillow>=10.1",
        "platformdirs>=4.14",
        "psutil>=5.9",
        "scikit-learn>=1.5",
        "scipy>=1.13",
        "tqdm>=4.66",
    ],
    extras_require={
        "cpu": ["tensorflow-cpu>=2.21,<2.22; sys_platform != 'darwin'",
                "tensorflow>=2.21,<2.22; sys_platform == 'darwin'"],
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],
        "tensorboard": ["tensorboard>=2.20"],
        "slurm": ["submitit>=1.5"],
        "onnx": ["tf2onnx>=1.17"],
        "docs": ["pdoc>=16"],
        "provenance": ["c2pa-python>=0.38"],
        "serve": ["starlette>=1.0", "uvicorn>=0.34"],
        "test": ["ai-edge-litert>=2.1", "c2pa-python>=0.38", "huggingface_hub>=1.0",
                 "hypothesis>=6.100", "mypy==2.4.1", "onnxruntime>=1.23", "pdoc>=16",
                 "pre-commit>=3.7", "pytest>=8.2", "pytest-xdist>=3.7", "ruff==0.17.6",
                 "setuptools>=77", "starlette>=1.0", "submitit>=1.5", "tf2onnx>=1.17",
                 "types-psutil>=7", "types-tqdm>=4.67", "uvicorn>=0.34"],
    },
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)  # fmt: skip
