#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# All that only a GPU can say, in parts that each fit in ten minutes:
#
#   bench/gpu.sh prepare [FOLDER]      builds what is carried; needs no GPU
#   bench/gpu.sh first [FOLDER]        what the model of clocks is least sure of, beside what it predicts
#   bench/gpu.sh conformance [FOLDER]  every primitive and kernel of test/simt on the GPU, same checks
#   bench/gpu.sh end-to-end [FOLDER] [MODEL...]     artifacts against PyTorch and the CPU artifact
#   bench/gpu.sh sanitizer [FOLDER]    compute-sanitizer over small models, all four tools
#   bench/gpu.sh timing [FOLDER] [MODEL:BATCH...]   ms a guided step beside PyTorch
#   bench/gpu.sh all [FOLDER]
#
# FOLDER is out/gpu; with the tree it is all that a machine with a GPU and
# PyTorch needs. DIT_PYTHON is the Python with PyTorch, DIT_GPU_ARCH what is
# prepared for (sm_90a), DIT_GPU_CHECKS and DIT_GPU_MODELS are what is prepared,
# and DIT_GPU_SMALL=1 leaves out what a stand-in for a GPU takes long for.
# Without a GPU: says so, runs nothing, exits 0.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
here=$PWD/bench/gpu
python=${DIT_PYTHON:-python3}
arch=${DIT_GPU_ARCH:-sm_90a}
large=--large
[ -n "${DIT_GPU_SMALL:-}" ] && large=
part=${1:-}
folder=${2:-out/gpu}
shift $(($# < 2 ? $# : 2))

fail() {
  echo "bench/gpu.sh: error: $*" >&2
  exit 1
}

# What there is to be run on: a line that ends the script, or the GPU's name.
gpu() {
  "$python" - <<'PY'
import ctypes
import sys
try:
    driver = ctypes.CDLL("libcuda.so.1")
except OSError:
    sys.exit("no NVIDIA driver on this machine")
count = ctypes.c_int()
if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
    sys.exit("the NVIDIA driver finds no GPU on this machine")
name = ctypes.create_string_buffer(256)
device = ctypes.c_int()
driver.cuDeviceGet(ctypes.byref(device), 0)
driver.cuDeviceGetName(name, 256, device)
print(name.value.decode())
PY
}

compile_check() { # SOURCE.cu SOURCE.cpp MADE [DEVICE]: a check with the GPU as its executor
  local made=$3 simt=test/simt device=${4:-codegen/cuda/device}
  local cxx=${DIT_SIMT_CXX:-/usr/lib/llvm-22/bin/clang++}
  local nvcc=${DIT_NVCC:-/usr/local/cuda/bin/nvcc}
  "$python" "$here/kernel_calls.py" "$cxx" $simt/executor "$device" runtime/sampling/samplers "$1" \
    >"$made.calls.cpp" &&
    "$cxx" -std=c++20 -O1 -DDIT_SUM_SLACK=1e-5 -I. -I$simt/executor -I$simt/checks -Ibench/gpu "$2" \
      $simt/checks/Check.cpp bench/gpu/GpuExecutor.cpp "$made.calls.cpp" build/runtime/libdit_runtime.a \
      -fuse-ld=lld -lfmt -ldl -o "$made" &&
    "$nvcc" -std=c++17 -cubin "-gencode=arch=compute_${arch#sm_},code=$arch" "-I$device" -Iruntime/sampling/samplers \
      -o "$made.cubin" "$1" && rm "$made.calls.cpp"
}

carry_libraries() { # PROGRAM...: what they need and a plain system may lack
  ldd "$@" | awk '$3 ~ "^/" && $1 !~ /^lib(c|m|dl|pthread|rt|stdc\+\+|gcc_s)\.so/ {print $3}' | sort -u |
    xargs -r cp -Lt "$folder/lib"
}

prepare_first() { # kernels as they are, and with a fault planted
  local variant headline device
  mkdir -p "$folder/first" || exit 1
  while IFS=: read -r variant headline; do
    device=codegen/cuda/device
    if [ -n "$headline" ]; then
      [ -n "$large" ] || continue
      device=$folder/first/device
      "$python" "$here/first.py" plant "$headline" "$device" || exit 1
    fi
    compile_check bench/gpu/first.cu bench/gpu/first.cpp "$folder/first/$variant" "$device" ||
      fail "first, $variant, does not build"
  done <<'VARIANTS'
as-it-is:
with-a-fence:a stage is given back with a fence of the whole GPU
with-a-division:the sigmoid divides
VARIANTS
  rm -rf "$folder/first/device"
}

prepare() {
  local ditc=${DITC:-build/bin/ditc} name
  local checks=${DIT_GPU_CHECKS-wrappers row attention matmul step$([ "$arch" = sm_90a ] && echo " matmul_sm90")}
  mkdir -p "$folder"/{bin,lib,models,checks} || exit 1
  for name in dit-run library-matmuls; do
    cp "build/bin/$name" "$folder/bin/$name" || fail "there is no build/bin/$name: run scripts/build first"
  done
  for name in $checks; do
    compile_check "test/simt/kernels/$name.cu" "test/simt/checks/$name.cpp" "$folder/checks/$name" ||
      fail "the check '$name' does not build"
  done
  [ "$arch" = sm_90a ] && prepare_first
  carry_libraries "$folder"/bin/*
  for name in ${DIT_GPU_MODELS-tiny width200 s_2 b_2 xl_2 xl_2_512}; do
    local spec out=$folder/models/$name
    for spec in model_specs/{dit_$name,$name}.yaml test/simt/Inputs/$name.yaml; do
      [ -f "$spec" ] && break
    done
    compile() { # KIND OPTION...
      "$ditc" compile "$spec" "${@:2}" -o "$out.$1.so" || fail "$spec does not compile with ${*:2}"
    }
    compile bf16 --target=cuda "--arch=$arch" --dtype=bf16
    # Both halves of guidance are rows: tiles for 32 samples at once.
    compile bf16-large --target=cuda "--arch=$arch" --dtype=bf16 --batch-hint=64
    if [ "$name" = xl_2 ]; then # whose matmuls make their rows
      compile bf16-rows --target=cuda "--arch=$arch" --dtype=bf16 "--passes=fused=$("$ditc" compile --print-passes \
        --target=cuda "--arch=$arch" --dtype=bf16 | sed -n 's/max-width=512/max-width=1152/; s/^ *fused=//p')"
    fi
    compile cublaslt --target=cuda "--arch=$arch" --dtype=bf16 --matmul=cublaslt
    case $name in width200 | b_2 | xl_2_512) continue ;; esac # numbers are compared for the others
    compile f32 --target=cuda "--arch=$arch" --dtype=f32
    compile cpu --arch=x86-64-v3
  done
  du -sh "$folder" | awk '{print $2 ": " $1}'
}

conformance() {
  local failed=0 check
  echo "-- cuBLASLt"
  LD_LIBRARY_PATH=$folder/lib:${LD_LIBRARY_PATH:-} timeout 120 "$folder/bin/library-matmuls" $large || {
    echo "WRONG: library-matmuls ended with $?"
    failed=1
  }
  for check in "$folder"/checks/*.cubin; do
    check=${check%.cubin}
    [ -x "$check" ] || continue
    echo "-- ${check##*/}"
    LD_LIBRARY_PATH=$folder/lib:${LD_LIBRARY_PATH:-} timeout 120 "$check" || {
      echo "WRONG: ${check##*/} ended with $?"
      failed=1
    }
  done
  if [ $failed = 0 ]; then echo "conformance: every check is right"; else echo "conformance: NOT all right"; fi
  return $failed
}

sanitizer() {
  local one tool model failed=0
  command -v compute-sanitizer >/dev/null || {
    echo "sanitizer: there is no compute-sanitizer on this machine: nothing was run"
    return 0
  }
  # width200 has the kernels of large models; what a library does is not ours to say.
  for one in {memcheck,racecheck,synccheck,initcheck}:width200.bf16 {memcheck,racecheck}:tiny.{bf16,f32} memcheck:width200.cublaslt; do
    tool=${one%%:*} model=${one#*:}
    [ -f "$folder/models/$model.so" ] || continue
    if LD_LIBRARY_PATH=$folder/lib:${LD_LIBRARY_PATH:-} timeout 60 compute-sanitizer --tool "$tool" \
      --error-exitcode 9 "$folder/bin/dit-run" sample "$folder/models/$model.so" --seed 7 --classes 1,2,3 \
      --steps 3 --sampler ddim --cfg-scale 2 -o "$folder/sanitizer.safetensors" >"$folder/sanitizer.log" 2>&1; then
      echo "$tool on $model: clean"
    else
      echo "$tool on $model: NOT clean, ended with $?"
      tail -n 40 "$folder/sanitizer.log"
      failed=1
    fi
  done
  return $failed
}

run() { # PART: what it needs is there
  local results=${OUT:-$folder}
  case $1 in
  first) DIT_GPU_REPEAT=${DIT_GPU_REPEAT:-200} "$python" "$here/first.py" "$folder" "$card" "$results/first.md" ;;
  conformance) conformance ;;
  sanitizer) sanitizer ;;
  end-to-end) "$python" "$here/end_to_end.py" "$folder" "${@:2}" ;;
  timing) "$python" "$here/timing.py" "$folder" --output "$results/timing.md" "${@:2}" ;;
  esac
}

case $part in
prepare) prepare && exit 0 || exit 1 ;;
first | conformance | end-to-end | sanitizer | timing | all) ;;
*)
  sed -n '3,18s/^# \{0,1\}//p' "$0" >&2
  exit 2
  ;;
esac

card=$(gpu 2>&1) || {
  echo "bench/gpu.sh: $card: nothing was run and nothing is claimed"
  exit 0
}
echo "GPU: $card"
[ -x "$folder/bin/dit-run" ] || fail "$folder holds no bin/dit-run: run 'bench/gpu.sh prepare $folder' where there is a build"
# The cuBLASLt that PyTorch uses, if any: both are compared with one library.
own=$("$python" -c 'import glob, sysconfig
print(":".join(sorted({p.rpartition("/")[0] for p in glob.glob(sysconfig.get_path("purelib") + "/nvidia/*/lib/libcublasLt.so.1[23]")})))' 2>/dev/null)
export LD_LIBRARY_PATH=${own:+$own:}${LD_LIBRARY_PATH:-}

if [ "$part" != all ]; then
  run "$part" "$@"
  exit
fi
status=0
for one in first conformance end-to-end sanitizer timing; do
  echo "== $one"
  run $one || status=1
done
exit $status
