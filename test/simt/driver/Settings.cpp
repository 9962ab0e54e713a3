// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The environment variables DIT_STANDIN_*.
#include "Standin.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace standin {

namespace {

const char *setting(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value ? value : otherwise;
}

simt::Schedule readSchedule(const std::string &text) {
  std::vector<simt::Schedule> all = simt::allSchedules();
  for (const simt::Schedule &schedule : all)
    if (schedule.name() == text)
      return schedule;
  misuse("DIT_STANDIN_SCHEDULE is as 'forward, late', but is '%s'",
         text.c_str());
}

Settings readSettings() {
  Settings read;
  read.devices = atoi(setting("DIT_STANDIN_DEVICES", "1"));
  read.name = setting("DIT_STANDIN_NAME", "Stand-in GPU");
  if (sscanf(setting("DIT_STANDIN_CAPABILITY", "9.0"), "%d.%d", &read.major,
             &read.minor) != 2)
    misuse("DIT_STANDIN_CAPABILITY is as '9.0'");
  read.driverVersion = atoi(setting("DIT_STANDIN_DRIVER", "13000"));
  read.memory =
      strtoull(setting("DIT_STANDIN_MEMORY", "8589934592"), nullptr, 10);
  read.schedule =
      readSchedule(setting("DIT_STANDIN_SCHEDULE", "forward, late"));
  read.eager = !strcmp(setting("DIT_STANDIN_STREAMS", "late"), "eager");
  const std::string kernels = setting("DIT_STANDIN_KERNELS", "");
  for (size_t begin = 0, end; begin < kernels.size(); begin = end + 1) {
    end = std::min(kernels.find(':', begin), kernels.size());
    read.kernels.push_back(kernels.substr(begin, end - begin));
  }
  return read;
}

} // namespace

const Settings &settings() {
  static const auto *read = new Settings(readSettings());
  return *read;
}

void note(const char *format, ...) {
  static FILE *file = [] {
    const char *path = getenv("DIT_STANDIN_LOG");
    return path ? fopen(path, "a") : nullptr;
  }();
  if (!file)
    return;
  va_list arguments;
  va_start(arguments, format);
  vfprintf(file, format, arguments);
  va_end(arguments);
  fputc('\n', file);
  fflush(file);
}

} // namespace standin
