#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""resources.py [--archs sm_80,sm_90] [--costs FILE] [FILE.cu...]: what each kernel takes of a processor, without a device.

Compiles kernels/ by nvcc, asks its assembler for registers, stack, spills and shared memory, and says how many warps a multiprocessor can hold, and what limits
them. The block is the kernel's launch bound, or 256 threads where it has none (marked ?); shared memory that a launch asks for is not in it.
--costs: what `bench/gpu/walks costs` printed; then which time the rules of operations take at least on an H200, by the ceilings below.
"""
import argparse, concurrent.futures, glob, json, os, re, shutil, subprocess, sys, tempfile, time

# Per multiprocessor, of CUDA's programming guide, "Technical specifications per compute capability": 64 warps, 32 blocks, 65,536 registers in both; bytes of shared memory.
SHARED = {"sm_80": 164 << 10, "sm_90": 228 << 10}
WARPS, BLOCKS, REGISTERS, RESERVED = 64, 32, 65536, 1024
# An H200: f32 as assumed for planning, copies as measured (bench/results/h200.txt).
TFLOP_PER_S, TB_PER_S = 60, 4.3


def compile_file(nvcc, arch, path):
    """[(kernel, registers, stack, spilt, shared, block or None)] of one file."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([nvcc, f"-arch={arch}", "-O3", "-Xptxas", "-v", "--keep", "--keep-dir", folder, "-cubin", "-o", os.path.join(folder, "out.cubin"), path],
                             capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(run.stderr)
        text = "".join(open(f).read() for f in glob.glob(os.path.join(folder, "*.ptx")))
    blocks = {name: int(n) for name, n in re.findall(r"\.entry\s+(\w+)\s*\([^)]*\)\s*\.maxntid\s+(\d+)", text)}
    kernels, names = [], re.split(r"Compiling entry function '(\w+)'", run.stderr)[1:]
    for name, said in zip(names[::2], names[1::2]):
        stack, stores, loads = map(int, re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", said).groups())
        shared = re.search(r"(\d+) bytes smem", said)
        kernels.append((name, int(re.search(r"Used (\d+) registers", said)[1]), stack, stores + loads, int(shared[1]) if shared else 0, blocks.get(name)))
    return kernels


def get_occupancy(arch, registers, shared, threads):
    """Warps of 64 that are there at once, and what keeps more away."""
    warps = -(-threads // 32)
    by_registers = REGISTERS // (-(-registers * 32 // 256) * 256) // 4 * 4 // warps          # registers are given to warps by 256, warps to four schedulers
    fits = {"registers": by_registers, "threads": WARPS // warps, "blocks": BLOCKS, "shared": SHARED[arch] // (-(-(shared + RESERVED) // 128) * 128)}
    least = min(fits.values())
    return least * warps, " ".join(k for k, v in fits.items() if v == least)


def demangle(names):
    if not shutil.which("c++filt"):
        return names
    lines = subprocess.run(["c++filt", "-p"], input="\n".join(names), capture_output=True, text=True).stdout.splitlines()
    return [line.replace("(bool)", "").replace("(int)", "").replace("void ", "") for line in lines]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("--archs", default="sm_80,sm_90")
    parser.add_argument("--costs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    costs = open(args.costs) if args.costs else None
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    nvcc = shutil.which(os.environ.get("NVCC", "nvcc"), path=os.environ["PATH"] + ":/usr/local/cuda/bin")
    if not nvcc:
        print("SKIP: resources: nvcc is not installed")
        sys.exit(77)
    files, archs = args.files or sorted(glob.glob("kernels/*.cu")), args.archs.split(",")
    commit = subprocess.run(["git", "log", "-1", "--format=%H", "--", "kernels"], capture_output=True, text=True).stdout.strip() or "unknown"
    version = re.search(r"release ([\d.]+)", subprocess.run([nvcc, "--version"], capture_output=True, text=True).stdout)[1]
    print(f"date: {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}  kernels of commit: {commit}  nvcc: {version}  no device: computed from what the assembler says\n")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        compiled = {(a, f): pool.submit(compile_file, nvcc, a, f) for f in files for a in archs}
    rows = [(os.path.basename(f), a, *kernel) for (a, f), result in compiled.items() for kernel in result.result()]
    names = dict(zip([r[2] for r in rows], demangle([r[2] for r in rows])))
    rows.sort(key=lambda r: (r[0], names[r[2]], r[1]))
    spilt = sum(r[5] > 0 for r in rows)
    print(f"{len(rows)} kernels, {spilt} of them spill\n\n{'arch':<7}{'registers':>9}{'stack':>7}{'spilt':>7}{'shared':>8}{'block':>7}{'warps':>7}  limited by           kernel")
    last = None
    for file, arch, name, registers, stack, spill, shared, block in rows:
        if file != last:
            print(f"-- {file}")
            last = file
        warps, limit = get_occupancy(arch, registers, shared, block or 256)
        print(f"{arch:<7}{registers:>9}{stack:>7}{spill:>7}{shared:>8}{(str(block) if block else '256?'):>7}{warps:>4}/{WARPS}  {limit:<21}{names[name]}")
    if costs:
        print(f"\nrules in f32 on an H200 at {TFLOP_PER_S} TFLOP/s and {TB_PER_S} TB/s, by their cost models\n\n{'GFLOP':>10}{'MB':>10}{'FLOP/byte':>11}{'least ms':>10}  bound by    rule")
        for row in map(json.loads, costs):
            if row["what"] == "rule":
                compute, memory = row["flops"] / TFLOP_PER_S / 1e9, row["bytes"] / TB_PER_S / 1e9
                print(f"{row['flops'] / 1e9:>10.3f}{row['bytes'] / 1e6:>10.1f}{row['flops'] / row['bytes']:>11.1f}{max(compute, memory):>10.4f}  "
                      f"{'products' if compute > memory else 'memory':<12}{row['op']} {row['rule']} {row['shape']}")


if __name__ == "__main__":
    main()
