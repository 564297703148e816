#include "file_set.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace tidemill::file {
namespace {

// Logs that end take turns in so small a circle.
constexpr std::size_t open_at_once_max = 4;

std::string_view name_in_folder(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

FileSet::FileSet(const SourceConfig& config, bool matches, Services services,
                 std::shared_ptr<FileHistories> histories)
    : config_(config),
      services_(std::move(services)),
      histories_(std::move(histories)),
      ends_(services_.until_idle || !config.follow) {
  if (matches) pattern_.emplace(config.path.value);
}

Result<> FileSet::open(const Progress& progress, Instant now) {
  logs_.clear();
  turn_ = 0;
  current_ = nullptr;
  aside_.clear();
  failure_.reset();
  history_ = histories_->open(services_.data_folder, identity(), services_.log);
  if (pattern_) {
    next_scan_ = now + config_.check;
    if (auto added = add_matching(&progress); !added) return added;
    add_renamed(progress);
    if (ends_ && logs_.empty())
      return fail(Fault::bad_config, "no file matches " + config_.path.value);
    return {};
  }
  const std::string& path = config_.path.value;
  const Partition partition = history_->partition_of(path, false);
  add(path, partition, progress.next(partition));
  const auto first = logs_.front()->fill(now);
  if (!first) return std::unexpected(first.error());
  if (*first == FileLog::Fill::missing && ends_)
    return fail(Fault::bad_config, "the file " + path + " does not exist");
  if (*first == FileLog::Fill::some) current_ = logs_.front().get();
  return {};
}

void FileSet::add(const std::string& name, Partition partition, std::optional<Offset> next) {
  auto origin =
      std::make_shared<const FileLog::Origin>(identity(), pattern_ ? name : std::string());
  const FileLog::Shared shared{config_, *history_, services_.log};
  auto log = std::make_unique<FileLog>(name, partition, shared, std::move(origin));
  log->resume(next);
  if (ends_)
    log->end();
  else
    news_.watch(std::filesystem::path(name).parent_path().string());
  logs_.push_back(std::move(log));
}

bool FileSet::has(std::string_view name) const {
  return std::ranges::any_of(logs_, [&](const auto& log) { return log->name() == name; }) ||
         std::ranges::find(aside_, name) != aside_.end();
}

// Files that match and are not there yet. One that has another name's history is that name's,
// renamed.
Result<> FileSet::add_matching(const Progress* progress) {
  const auto paths = pattern_->expand();
  if (!paths) return std::unexpected(paths.error());
  for (const std::string& path : *paths) {
    if (has(path)) continue;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const auto id = identify(file.get());
    if (!id) {
      // What it is cannot be known; that it cannot be read is said when it is.
      add(path, history_->partition_of(path, true), std::nullopt);
      continue;
    }
    const std::string owner = history_->owner_of(file.get(), *id);
    if (!owner.empty() && owner != path) continue;
    const Partition partition = history_->partition_of(path, true);
    const auto next = progress != nullptr ? progress->next(partition) : std::nullopt;
    if (!next) history_->current(path, file.get(), *id);
    add(path, partition, next);
  }
  return history_->save();
}

// Names whose file does not match any more, but may have a rest to read.
void FileSet::add_renamed(const Progress& progress) {
  for (const std::string& name : history_->names()) {
    if (has(name)) continue;
    const Partition partition = history_->partition_of(name, true);
    if (const auto next = progress.next(partition)) add(name, partition, next);
  }
}

std::size_t FileSet::turns() const {
  return ends_ ? std::min(logs_.size(), open_at_once_max) : logs_.size();
}

Result<FileSet::Fill> FileSet::fill(Instant now, const std::vector<Partition>& paused) {
  if (pattern_ && !ends_ && now >= next_scan_) {
    next_scan_ = now + config_.check;
    if (auto added = add_matching(nullptr); !added) return std::unexpected(added.error());
  }
  if (current_ != nullptr && logs_.size() > 1) current_->records().shrink();
  current_ = nullptr;
  for (std::size_t idle = 0; idle < turns();) {
    if (turn_ >= turns()) turn_ = 0;
    FileLog& log = *logs_[turn_];
    if (std::ranges::find(paused, log.partition()) != paused.end()) {
      ++turn_;
      ++idle;
      continue;
    }
    if (log.records().peek() != nullptr) {  // From before it was paused.
      current_ = &log;
      return Fill::some;
    }
    const auto filled = log.fill(now);
    if (!filled) {
      if (auto aside = set_aside(filled.error()); !aside) return std::unexpected(aside.error());
      continue;
    }
    switch (*filled) {
      case FileLog::Fill::some:
        current_ = &log;
        ++turn_;
        return Fill::some;
      case FileLog::Fill::nothing:
        if (pattern_ && log.is_gone()) {
          log.end();
          continue;
        }
        break;
      case FileLog::Fill::missing:
        if (pattern_ || ends_) {
          remove_at_turn();
          continue;
        }
        break;
      case FileLog::Fill::ended:
        remove_at_turn();
        continue;
    }
    ++turn_;
    ++idle;
  }
  if (failure_) return std::unexpected(*failure_);
  return ends_ && logs_.empty() ? Fill::ended : Fill::nothing;
}

void FileSet::remove_at_turn() {
  if (pattern_ && logs_[turn_]->is_gone()) history_->forget(logs_[turn_]->name());
  logs_.erase(logs_.begin() + static_cast<std::ptrdiff_t>(turn_));
}

// One of many files that cannot be read must not hold back the others.
Result<> FileSet::set_aside(const Error& error) {
  if (!pattern_ || error.fault != Fault::bad_config) return std::unexpected(error);
  services_.log.write(LogLevel::error, error.message);
  aside_.push_back(logs_[turn_]->name());
  if (!failure_) failure_ = error;
  logs_.erase(logs_.begin() + static_cast<std::ptrdiff_t>(turn_));
  return {};
}

bool FileSet::concerns(std::string_view file_name) const {
  if (pattern_) {
    const std::string last(name_in_folder(pattern_->path()));
    if (FilePattern(last).matches(std::string(file_name))) return true;
  }
  return std::ranges::any_of(
      logs_, [&](const auto& log) { return name_in_folder(log->name()) == file_name; });
}

}  // namespace tidemill::file
