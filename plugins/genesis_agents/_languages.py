"""Say which language a file is written in, by its name."""

from __future__ import annotations

from pathlib import PurePosixPath

_BY_NAME = {
    "dockerfile": "Dockerfile",
    "containerfile": "Dockerfile",
    "makefile": "Makefile",
    "gnumakefile": "Makefile",
    "jenkinsfile": "Groovy",
    "rakefile": "Ruby",
    "gemfile": "Ruby",
    "cmakelists.txt": "CMake",
    "license": "Text",
    "copying": "Text",
    "notice": "Text",
    "readme": "Text",
    "changelog": "Text",
}

_CODE = {
    "Ada": "adb ads",
    "Assembly": "asm s",
    "Batch": "bat cmd",
    "C": "c h",
    "C#": "cs",
    "C++": "cc cpp cxx hh hpp hxx",
    "Clojure": "clj cljs cljc edn",
    "CMake": "cmake",
    "CSS": "css scss sass less",
    "Cython": "pyx pxd pxi",
    "D": "d",
    "Dart": "dart",
    "Elixir": "ex exs",
    "Elm": "elm",
    "Erlang": "erl hrl",
    "F#": "fs fsx fsi",
    "Fortran": "f f90 f95 for",
    "Go": "go",
    "GraphQL": "graphql gql",
    "Groovy": "groovy gradle",
    "Haskell": "hs lhs",
    "HTML": "html htm xhtml",
    "Java": "java",
    "JavaScript": "js jsx mjs cjs",
    "Julia": "jl",
    "Kotlin": "kt kts",
    "Lisp": "lisp lsp el",
    "Lua": "lua",
    "Nim": "nim",
    "Nix": "nix",
    "Objective-C": "m mm",
    "OCaml": "ml mli",
    "Pascal": "pas",
    "Perl": "pl pm",
    "PHP": "php",
    "PowerShell": "ps1 psm1",
    "Protocol Buffers": "proto",
    "Python": "py pyw",
    "Python stub": "pyi",
    "R": "r rmd",
    "Racket": "rkt scm",
    "Ruby": "rb erb",
    "Rust": "rs",
    "Scala": "scala sc",
    "Shell": "sh bash zsh fish ksh",
    "Solidity": "sol",
    "SQL": "sql",
    "Svelte": "svelte",
    "Swift": "swift",
    "Template": "j2 jinja jinja2 mustache hbs ejs tmpl",
    "Terraform": "tf tfvars hcl",
    "TypeScript": "ts tsx mts cts",
    "Verilog": "v sv vh",
    "Visual Basic": "vb vbs",
    "Vue": "vue",
    "Zig": "zig",
}

_OTHER = {
    "Archive": "zip gz bz2 xz tar tgz 7z whl jar zst",
    "Configuration": "ini cfg conf properties env",
    "CSV": "csv tsv",
    "Database": "db sqlite sqlite3 parquet feather arrow",
    "Image": "png jpg jpeg gif webp ico bmp tif tiff",
    "JSON": "json jsonl json5 ndjson geojson",
    "Lock file": "lock",
    "Logs": "log",
    "Markdown": "md markdown mdx",
    "Notebook": "ipynb",
    "Office document": "pdf doc docx xls xlsx ppt pptx odt ods",
    "reStructuredText": "rst",
    "SVG": "svg",
    "Text": "txt text rtf",
    "TOML": "toml",
    "XML": "xml xsd xsl xslt wsdl",
    "YAML": "yaml yml",
}

_BUILD = frozenset({"Dockerfile", "Makefile"})
_BY_SUFFIX = {f".{end}": name for kinds in (_CODE, _OTHER) for name, ends in kinds.items() for end in ends.split()}


def language_of(file: str) -> str:
    """Name the language of a file; one that is not known goes by its suffix."""
    name = PurePosixPath(file).name.lower()
    suffix = PurePosixPath(name).suffix
    named = _BY_NAME.get(name) or _BY_SUFFIX.get(suffix)
    return named or (f"other ({suffix})" if suffix else "other (no suffix)")


def is_code(file: str) -> bool:
    """Tell whether a file is written in a language that programs are made of: no document, data or configuration."""
    return language_of(file) in _CODE or language_of(file) in _BUILD


def is_python(file: str) -> bool:
    """Tell whether a file is a Python module or script."""
    return file.endswith((".py", ".pyw"))


def is_test(file: str) -> bool:
    """Tell whether a file holds tests: below a test folder, or named as pytest and unittest name them."""
    path = PurePosixPath(file)
    if any(part in ("test", "tests", "testing") for part in path.parts[:-1]):
        return True
    return path.name.startswith("test_") or path.stem.endswith("_test") or path.name in ("conftest.py", "tests.py")
