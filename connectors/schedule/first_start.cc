#include "first_start.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <system_error>

#include "tidemill/replace_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::schedule {

FirstStart::FirstStart(const std::string& data_folder, std::string_view pipeline,
                       std::string_view identity)
    : whose_(std::string(pipeline) + ' ' + std::string(identity)) {
  std::array<char, 17> hash{};
  std::snprintf(hash.data(), hash.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(whose_.data(), whose_.size())));
  path_ = data_folder + "/schedules/" + hash.data();
}

// The file is one line: seconds since 1970, the pipeline, its schedule.
Result<Seconds> FirstStart::read_or_note(Seconds now) const {
  std::string line;
  if (std::ifstream file(path_); std::getline(file, line)) {
    std::int64_t count = 0;
    const auto read = std::from_chars(line.data(), line.data() + line.size(), count);
    if (read.ec == std::errc() &&
        line.substr(static_cast<std::size_t>(read.ptr - line.data())) == ' ' + whose_)
      return Seconds(std::chrono::seconds(count));
  }
  const std::string note = std::to_string(now.time_since_epoch().count()) + ' ' + whose_ + '\n';
  if (auto written = replace_file(path_, note); !written) return std::unexpected(written.error());
  return now;
}

}  // namespace tidemill::schedule
