#include "file_history.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "tidemill/replace_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::file {
namespace {

namespace json = boost::json;

constexpr std::int64_t version = 1;

std::uint64_t number(const json::value& of, std::string_view name) {
  return of.at(name).to_number<std::uint64_t>();
}

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

FileHistory::FileHistory(std::string path, std::string identity, Log& log)
    : path_(std::move(path)), identity_(std::move(identity)) {
  const std::string text = read_whole(path_);
  if (text.empty()) return;
  try {
    load(text);
  } catch (const std::exception& error) {
    names_.clear();
    log.write(LogLevel::warning, "cannot make sense of " + path_ +
                                     " and does without: " + error.what() +
                                     "; a file that was renamed meanwhile is not found again");
  }
}

void FileHistory::load(std::string_view text) {
  const json::value whole = json::parse(text);
  if (whole.at("version").as_int64() != version)
    throw std::runtime_error("another version wrote it");
  forgotten_ = number(whole, "forgotten");
  for (const json::value& entry : whole.at("names").as_array()) {
    Name& name = names_[std::string(entry.at("name").as_string())];
    name.partition = Partition(entry.at("partition").to_number<std::uint32_t>());
    for (const json::value& file : entry.at("files").as_array())
      name.files[file.at("generation").to_number<Generation>()] = {
          .device = number(file, "device"),
          .inode = number(file, "inode"),
          .head_bytes = file.at("head_bytes").to_number<std::uint32_t>(),
          .head_hash = number(file, "head_hash")};
  }
}

std::string FileHistory::text() const {
  json::array names;
  for (const auto& [path, name] : names_) {
    json::array files;
    for (const auto& [generation, id] : name.files)
      files.push_back(json::object{{"generation", generation},
                                   {"device", id.device},
                                   {"inode", id.inode},
                                   {"head_bytes", id.head_bytes},
                                   {"head_hash", id.head_hash}});
    if (files.empty()) continue;
    names.push_back(json::object{
        {"name", path}, {"partition", name.partition.value}, {"files", std::move(files)}});
  }
  const json::object whole{{"version", version},
                           {"source", identity_},
                           {"forgotten", forgotten_},
                           {"names", std::move(names)}};
  return json::serialize(whole) + '\n';
}

bool FileHistory::is_taken(Partition partition) const {
  return std::ranges::any_of(names_,
                             [&](const auto& name) { return name.second.partition == partition; });
}

Partition FileHistory::partition_of(const std::string& name, bool matched) {
  const std::lock_guard lock(mutex_);
  if (const auto known = names_.find(name); known != names_.end()) return known->second.partition;
  Partition partition(0);
  if (matched) {
    std::uint64_t seed = forgotten_;
    do {
      partition = Partition(
          static_cast<std::uint32_t>(XXH3_64bits_withSeed(name.data(), name.size(), seed++)));
    } while (is_taken(partition));
  }
  names_[name].partition = partition;
  return partition;
}

std::vector<std::string> FileHistory::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [path, name] : names_)
    if (!name.files.empty()) names.push_back(path);
  return names;
}

void FileHistory::forget(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (names_.size() <= names_max) return;
  names_.erase(name);
  ++forgotten_;
  dirty_ = true;
}

std::optional<FileId> FileHistory::find(const std::string& name, Generation generation) const {
  const std::lock_guard lock(mutex_);
  const auto known = names_.find(name);
  if (known == names_.end()) return std::nullopt;
  const auto file = known->second.files.find(generation);
  return file == known->second.files.end() ? std::nullopt : std::optional(file->second);
}

FileHistory::Generation FileHistory::current(const std::string& name, int file, const FileId& now) {
  const std::lock_guard lock(mutex_);
  Name& known = names_[name];
  if (known.files.empty()) {
    set(known, 0, now);
    return 0;
  }
  const auto& [last, id] = *known.files.rbegin();
  if (is_same(id, file, now)) return last;
  const Generation next = last + 1;
  set(known, next, now);
  return next;
}

FileHistory::Generation FileHistory::after(const std::string& name, Generation generation,
                                           const FileId& now) {
  const std::lock_guard lock(mutex_);
  Name& known = names_[name];
  const auto next = known.files.upper_bound(generation);
  if (next != known.files.end()) return next->first;
  set(known, generation + 1, now);
  return generation + 1;
}

std::optional<FileHistory::Generation> FileHistory::next(const std::string& name,
                                                         Generation generation, int file,
                                                         const FileId& now) const {
  const std::lock_guard lock(mutex_);
  const auto known = names_.find(name);
  if (known == names_.end()) return std::nullopt;
  const auto& files = known->second.files;
  for (auto it = files.upper_bound(generation); it != files.end(); ++it)
    if (!is_same(it->second, file, now)) return it->first;
  return std::nullopt;
}

void FileHistory::record(const std::string& name, Generation generation, const FileId& now) {
  const std::lock_guard lock(mutex_);
  set(names_[name], generation, now);
}

void FileHistory::set(Name& name, Generation generation, const FileId& file) {
  name.files[generation] = file;
  if (name.files.size() > files_max) name.files.erase(name.files.begin());
  dirty_ = true;
}

std::string FileHistory::owner_of(int file, const FileId& now) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, name] : names_)
    for (const auto& [generation, id] : name.files)
      if (is_same(id, file, now)) return path;
  return {};
}

Result<> FileHistory::save() {
  const std::lock_guard lock(mutex_);
  if (!dirty_) return {};
  if (auto written = replace_file(path_, text()); !written) return written;
  dirty_ = false;
  return {};
}

std::shared_ptr<FileHistory> FileHistories::open(const std::string& data_folder,
                                                 const std::string& identity, Log& log) {
  std::array<char, 17> hash{};
  std::snprintf(hash.data(), hash.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(identity.data(), identity.size())));
  const std::string path = data_folder + "/files/" + hash.data() + ".json";
  const std::lock_guard lock(mutex_);
  std::weak_ptr<FileHistory>& entry = open_[path];
  auto history = entry.lock();
  if (!history) entry = history = std::make_shared<FileHistory>(path, identity, log);
  return history;
}

}  // namespace tidemill::file
