"""What `sam` does to a template, as files.

built       the template with the folder of each function's executable as its code, as `sam build` writes it
transformed the template after the SAM transform, as CloudFormation sees it

Usage: template.py built|transformed TEMPLATE OUTPUT [FOLDER_OF_EXECUTABLES]
"""

import json
import os
import sys

from samcli.yamlhelper import yaml_parse


def built(template, folder):
    """Each function's code is FOLDER/BINARY, which holds its `bootstrap`."""
    template["Globals"]["Function"].pop("CodeUri")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            metadata = resource.pop("Metadata")
            resource["Properties"]["CodeUri"] = os.path.join(folder, metadata["BuildProperties"]["Binary"])
    return template


def transformed(template):
    """The transform wants code in S3, so the functions are given some."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    from types import SimpleNamespace

    from samtranslator.translator.transform import transform

    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    for name, parameter in template["Parameters"].items():
        parameter.setdefault("Default", f"example-{name}")
    return transform(template, {}, SimpleNamespace(load=dict))


def main(what, source, output, *folder):
    with open(source, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    result = built(template, *folder) if what == "built" else transformed(template)
    with open(output, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1, sort_keys=what != "built")


main(*sys.argv[1:])
