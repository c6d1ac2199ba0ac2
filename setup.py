"""Builds the package; a wheel also carries the built-in notebooks, parameter files and case."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HOME = ("notebooks", "params", "data/cases/geely_volvo")
"""What lies in `kamresearch.places.builtin_home`: in a checkout beside the package."""


class BuildWithHome(build_py):
    """The package and its home."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for part in HOME:
            source = Path(__file__).parent / part
            target = Path(self.build_lib, "kamresearch", "home", part)
            ignored = shutil.ignore_patterns("conftest.py", "__pycache__", ".*", "truth")
            shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithHome})
