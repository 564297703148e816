// Fakes for tests of this folder: connectors that are only names and places, a catalog without
// plugins, and a way to read a text as the only file there is.
#pragma once

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/explain.h"
#include "core/config/loader.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::config::testing {

/// A source that is only a place: it sees what is written below it.
class FakeSource : public Source {
 public:
  FakeSource(std::string place, bool can_exhaust, ProgressKind progress = ProgressKind::objects)
      : place_(std::move(place)), can_exhaust_(can_exhaust), progress_(progress) {}
  SourceTraits traits() const override { return {progress_, can_exhaust_}; }
  std::string identity() const override { return place_; }
  bool sees(std::string_view place) const override {
    return !place_.empty() && place.starts_with(place_);
  }
  Task<Result<>> open(const Progress&) override { co_return Result<>(); }
  Task<Result<PollEnd>> poll(Credit, std::vector<Event>&) override { co_return PollEnd::exhausted; }
  void interrupt() override {}
  Task<Result<>> settle(std::span<const Settled>) override { co_return Result<>(); }
  Task<> close() override { co_return; }

 private:
  std::string place_;
  bool can_exhaust_;
  ProgressKind progress_;
};

class FakeSink final : public Sink {
 public:
  FakeSink(std::string place, bool takes_messages, bool takes_objects)
      : place_(std::move(place)), messages_(takes_messages), objects_(takes_objects) {}
  SinkTraits traits() const override { return {Idempotence::by_key, messages_, objects_, false}; }
  std::string place() const override { return place_; }
  Task<Result<>> open() override { co_return Result<>(); }
  Task<std::vector<Result<>>> write(SinkBatch) override { co_return std::vector<Result<>>(); }
  Task<> close() override { co_return; }

 private:
  std::string place_;
  bool messages_;
  bool objects_;
};

struct BucketOptions {
  std::string url;
  std::vector<std::string> suffix;
  std::chrono::microseconds scan = std::chrono::seconds(10);
};

struct FileOptionsFake {
  FilePath path;
};

struct GenerateOptions {
  std::uint32_t count = 10;
  Rate rate;
  double skew = 0.5;
};

struct HookOptions {
  std::string url;
  Secret token;
  bool verify = true;
};

/// Beside those of fake_registry(): `topic`, whose events have an order that lasts.
inline void add_ordered_source(Registry& registry) {
  struct NoOptions {};
  registry.add_source("topic", ConfigSpec<NoOptions>("Events in their order."),
                      [](const NoOptions&, const Services&) {
                        return std::make_unique<FakeSource>("", false, ProgressKind::log);
                      });
}

inline std::string folder_of(const std::string& url, const std::string& data_folder) {
  if (url.starts_with("local:")) return "folder:" + data_folder + "/buckets/" + url.substr(6) + "/";
  return "folder:" + url.substr(url.find(':') + 1) + "/";
}

inline Registry fake_registry() {
  Registry registry;
  registry.add_source(
      "bucket",
      ConfigSpec<BucketOptions>("Objects of a folder or bucket.")
          .field("url", &BucketOptions::url, "Where it is.", Need::required)
          .field("suffix", &BucketOptions::suffix, "Ends of keys to deliver.")
          .field("scan", &BucketOptions::scan, "Listing interval.", in_range(1000, 3600e6)),
      [](const BucketOptions& o, const Services& s) -> Result<std::unique_ptr<Source>> {
        if (!o.url.contains(':'))
          return fail(Fault::bad_config, "url must say local:, file: or s3:");
        return std::make_unique<FakeSource>(folder_of(o.url, s.data_folder), true);
      });
  registry.add_source("file",
                      ConfigSpec<FileOptionsFake>("Lines of a file.")
                          .field("path", &FileOptionsFake::path, "The file.", Need::required),
                      [](const FileOptionsFake& o, const Services&) {
                        return std::make_unique<FakeSource>("file:" + o.path.value, true);
                      });
  registry.add_source(
      "generate",
      ConfigSpec<GenerateOptions>("Made-up events.")
          .field("count", &GenerateOptions::count, "How many.", in_range(1, 1e6))
          .field("rate", &GenerateOptions::rate, "How fast; 0/s has no limit.")
          .field("skew", &GenerateOptions::skew, "Unevenness of keys.", in_range(0, 1)),
      [](const GenerateOptions&, const Services&) {
        return std::make_unique<FakeSource>("", false);
      });
  registry.add_sink("bucket", Idempotence::by_key,
                    ConfigSpec<BucketOptions>("Objects into a folder or bucket.")
                        .field("url", &BucketOptions::url, "Where it is.", Need::required),
                    [](const BucketOptions& o, const Services& s) {
                      return std::make_unique<FakeSink>(folder_of(o.url, s.data_folder), false,
                                                        true);
                    });
  registry.add_sink("file", Idempotence::at_least_once,
                    ConfigSpec<FileOptionsFake>("Lines into a file.")
                        .field("path", &FileOptionsFake::path, "The file.", Need::required),
                    [](const FileOptionsFake& o, const Services&) {
                      return std::make_unique<FakeSink>("file:" + o.path.value, true, false);
                    });
  registry.add_sink("hook", Idempotence::at_least_once,
                    ConfigSpec<HookOptions>("Messages to a web address.")
                        .field("url", &HookOptions::url, "The address.", Need::required)
                        .field("token", &HookOptions::token, "Sent with every message.")
                        .field("verify", &HookOptions::verify, "Check certificates."),
                    [](const HookOptions& o, const Services&) {
                      return std::make_unique<FakeSink>("hook:" + o.url, true, false);
                    });
  return registry;
}

struct ThumbnailOptions {
  std::uint32_t width = 200;
  std::uint32_t quality = 85;
  Secret licence;
};

class FakeCatalog final : public FunctionCatalog {
 public:
  FakeCatalog() {
    auto spec =
        ConfigSpec<ThumbnailOptions>("Small pictures.")
            .field("width", &ThumbnailOptions::width, "Widest, in pixels.", in_range(1, 10000))
            .field("quality", &ThumbnailOptions::quality, "Of JPEG.", in_range(1, 100))
            .field("licence", &ThumbnailOptions::licence, "Key of the codec.");
    add({.name = "thumbnail",
         .summary = spec.summary(),
         .options = spec.decls(),
         .outputs = {{"thumbnails", OutputKind::objects, "The pictures."},
                     {"images", OutputKind::rows, "What they show."},
                     {"notifications", OutputKind::messages, ""}},
         .flags = {"thread_safe"}});
    add({.name = "passthrough",
         .summary = "Stores events as they are.",
         .options = {},
         .outputs = {{"rows", OutputKind::rows, ""}},
         .flags = {}});
  }

  Result<const FunctionDecl*> find(std::string_view native, const std::string&) override {
    const auto found = decls_.find(native);
    if (found != decls_.end()) return &found->second;
    return fail(Fault::bad_config, fmt::format("there is no plugin '{}'", native));
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, decl] : decls_) names.push_back(name);
    return names;
  }

 private:
  void add(FunctionDecl decl) { decls_.emplace(decl.name, std::move(decl)); }

  std::map<std::string, FunctionDecl, std::less<>> decls_;
};

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

/// Loads texts with the fakes above, as if they stood in /etc/tidemill.
class Desk {
 public:
  std::map<std::string, std::string, std::less<>> variables;
  std::vector<std::string> overrides;
  bool until_idle = false;

  Loaded load(const std::vector<ConfigText>& texts) {
    return load_texts(texts, request(), registry_, catalog_);
  }
  Loaded load(const std::string& text) {
    return load(std::vector<ConfigText>{{"/etc/tidemill/p.yaml", text}});
  }
  Loaded load_paths(std::vector<std::string> paths) {
    auto asked = request();
    asked.paths = std::move(paths);
    return load_plan(asked, registry_, catalog_);
  }

  /// Problems as `LINE:COL: sentence; fix` (or with the file's name if there are several texts).
  std::vector<std::string> problems(const std::string& text) {
    std::vector<std::string> lines;
    for (auto problem : load(text).problems) {
      if (problem.where.line > 0) problem.where.file.clear();
      const auto place = problem.where.line > 0
                             ? fmt::format("{}:{}: ", problem.where.line, problem.where.column)
                             : problem.where.file + ": ";
      lines.push_back(place + problem.what + (problem.fix.empty() ? "" : "; " + problem.fix));
    }
    return lines;
  }

  std::string explained(const Plan& plan) { return explain(plan, registry_, catalog_); }

  const Registry& registry() const { return registry_; }
  Registry& registry() { return registry_; }
  FakeCatalog& catalog() { return catalog_; }

 private:
  LoadRequest request() {
    return {{},
            overrides,
            [this](std::string_view name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              if (found == variables.end()) return std::nullopt;
              return found->second;
            },
            {scheduler_, log_, "/data", until_idle}};
  }

  tidemill::testing::VirtualScheduler scheduler_;
  SilentLog log_;
  Registry registry_ = fake_registry();
  FakeCatalog catalog_;
};

}  // namespace tidemill::config::testing
