#include "bench/file_source/input.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "bench/measure/child_process.h"

namespace tidemill::bench {
namespace {

constexpr std::size_t record_bytes = 500;

// Fills up to the length that all records have.
std::string filled(std::string record, std::string_view end) {
  constexpr std::string_view letters = "the quick brown fox jumps over the lazy dog ";
  const std::size_t used = record.size() + end.size();
  for (std::size_t i = used; i < record_bytes; ++i)
    record += letters[(i * 7 + record.size()) % letters.size()];
  return record.append(end);
}

std::string json(std::uint64_t n) {
  return filled(fmt::format(R"({{"id":{},"user":{{"id":"user-{}"}},"amount":{}.{:02},"text":")", n,
                            n * 7919 % 1000, n % 500, n % 100),
                "\"}");
}

std::string csv(std::uint64_t n) {
  const char* const note = n % 10 == 0 ? R"("he said ""so"", and went")" : "nothing to note";
  return filled(fmt::format("{},user-{},{}.{:02},EUR,shipped,DE,2026-01-{:02},{},{},", n,
                            n * 7919 % 1000, n % 500, n % 100, n % 28 + 1, n % 7, note),
                "");
}

}  // namespace

Input write_json_lines(const std::string& path, std::uint64_t records) {
  std::ofstream file(path, std::ios::binary);
  for (std::uint64_t n = 0; n < records; ++n) file << json(n) << '\n';
  file.close();
  require(static_cast<bool>(file), "cannot write " + path);
  return {path, records, records * record_bytes};
}

Input write_csv(const std::string& path, std::uint64_t records) {
  std::ofstream file(path, std::ios::binary);
  file << "id,user,amount,currency,state,country,day,weekday,note,text\n";
  for (std::uint64_t n = 0; n < records; ++n) file << csv(n) << '\n';
  file.close();
  require(static_cast<bool>(file), "cannot write " + path);
  return {path, records, 0};
}

Input compressed(const Input& plain, const std::string& ending,
                 std::string (*compress)(std::string_view text)) {
  std::ifstream from(plain.path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(from), {});
  Input input = plain;
  input.path += ending;
  std::ofstream file(input.path, std::ios::binary);
  file << compress(text);
  file.close();
  require(static_cast<bool>(file), "cannot write " + input.path);
  return input;
}

}  // namespace tidemill::bench
