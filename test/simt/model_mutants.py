"""Plants bugs in an emitted model, or in the templates that it is made of:
model_mutants.py BUILD SPEC LIST [--check model] [--dtype bf16] [--arch sm_80].
The list is as mutants.txt, its file a device header or model.cu, the emitted
text; those of one check are planted. Each must compile and be caught, by a wrong
output, the executor or a sanitizer.
"""
import pathlib
import shutil
import sys
import tempfile

import build
import model
import mutants


def caught(text, device, case, budget, build_folder, folder):
    for variant, arguments in mutants.ATTEMPTS:
        executable = model.program(text, variant, build_folder, folder, device)
        code, said = build.run(executable, [str(case), case.name, budget, *arguments],
                               timeout=60)
        if code != 0:
            return f"{variant}: {mutants.summary(code, said)}"
    return None


def main():
    parser = model.arguments()
    parser.add_argument("list")
    parser.add_argument("--check", default="model")
    options = parser.parse_args()
    budget = str(model.BUDGETS[options.dtype])
    survivors, count = 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        right = model.compiled(options.spec, "target", options)
        model.make_case(folder / "3", model.meaning(folder, options), right, 3)
        for headline, check, file, edits in mutants.parse(
                pathlib.Path(options.list).read_text()):
            if check != options.check:
                continue
            count += 1
            device, text = folder / f"device{count}", right
            shutil.copytree(build.DEVICE, device)
            if file == "model.cu":
                text = mutants.edited(text, edits, headline)
            else:
                header = device / file
                header.write_text(mutants.edited(header.read_text(), edits, headline))
            try:
                how = caught(text, device, folder / "3", budget, options.build,
                             folder)
            except build.CompileError as error:
                sys.exit(f"{file}: {headline}: does not compile:\n{error}")
            print(f"{'caught' if how else 'SURVIVES'}: {file}: {headline}: {how}",
                  flush=True)
            survivors += not how
    print(f"{count - survivors} of {count} mutants were caught")
    return 1 if survivors or not count else 0


if __name__ == "__main__":
    sys.exit(main())
