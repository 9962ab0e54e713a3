// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the kernel of kernels/faults.cu that the command line names.
#include "Check.h"
#include <cstdio>

struct alignas(64) TensorMap {
  unsigned long long opaque[16];
};
extern "C" {
void some_skip_a_barrier();
void two_places_of_one_barrier();
void counts_differ();
void exited_lane_in_mask(int *);
void lanes_at_two_operations(int *);
void shuffle_from_outside(int *);
void write_past_shared();
void write_far_past_shared();
void unaligned_copy(const float *);
void unaligned_load(const float *, float *);
void nobody_arrives();
void writes_over_a_barrier();
void leaves_a_copy(TensorMap);
void blocks_race(int *);
void harmless_race(int *);
}

int main(int, char **argv) {
  check::Buffer<int> out("out", 64);
  check::Buffer<float> in("in", 64);
  TensorMap map;
  simt::encodeTensorMap(&map, in.data(), 64, 2, 128, 64, 2, 128);

  struct Fault {
    const char *name;
    unsigned threads;
    size_t sharedBytes;
    std::function<void()> kernel;
    unsigned blocks = 1; ///< all resident
  };
  const std::vector<Fault> faults = {
      {"some_skip_a_barrier", 64, 0, some_skip_a_barrier},
      {"two_places_of_one_barrier", 64, 0, two_places_of_one_barrier},
      {"counts_differ", 64, 0, counts_differ},
      {"exited_lane_in_mask", 32, 0, [&] { exited_lane_in_mask(out.data()); }},
      {"lanes_at_two_operations", 32, 0,
       [&] { lanes_at_two_operations(out.data()); }},
      {"shuffle_from_outside", 32, 0,
       [&] { shuffle_from_outside(out.data()); }},
      {"write_past_shared", 32, 100, write_past_shared},
      {"write_far_past_shared", 32, 100, write_far_past_shared},
      {"unaligned_copy", 1, 64, [&] { unaligned_copy(in.data()); }},
      {"unaligned_load", 1, 0,
       [&] { unaligned_load(in.data(), in.data() + 32); }},
      {"nobody_arrives", 96, 8, nobody_arrives},
      {"writes_over_a_barrier", 1, 8, writes_over_a_barrier},
      {"leaves_a_copy", 1, 1032, [&] { leaves_a_copy(map); }},
      {"blocks_race", 32, 0, [&] { blocks_race(out.data()); }, 2},
      {"harmless_race", 32, 4, [&] { harmless_race(out.data()); }},
  };
  for (const Fault &fault : faults)
    if (fault.name == std::string(argv[1])) {
      simt::launch({{fault.blocks},
                    {fault.threads},
                    fault.sharedBytes,
                    {},
                    fault.blocks},
                   {}, fault.kernel);
      printf("%s: not noticed\n", fault.name);
      return 0;
    }
  return 2;
}
