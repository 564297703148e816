#include "app/state_api.h"

#include <boost/url/url.hpp>
#include <charconv>

#include "core/letters/letters.h"

namespace tidemill::app {
namespace {

constexpr std::string_view root = "/api/v1/";

std::string parameter(const Query& query, std::string_view name) {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

bool number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

Result<> table(RocksStore& store, const StateQuestion& question, const std::string& name,
               WallTime now, inspect::Form form, const inspect::LineSink& lines) {
  if (question.query.contains("key"))
    return inspect::table_get(store, name, parameter(question.query, "key"), now, form, lines);
  if (question.query.contains("count")) {
    const auto count = inspect::table_count(store, name, now);
    if (!count) return std::unexpected(count.error());
    lines(std::to_string(*count));
    return {};
  }
  const auto options = scan_options(question.query);
  if (!options) return std::unexpected(options.error());
  const auto end = inspect::table_scan(store, name, *options, now, form, lines);
  if (!end) return std::unexpected(end.error());
  return {};
}

Result<> drop_letters(RocksStore& store, const Query& query, letters::LetterFilter& filter,
                      WallTime now, inspect::Form form, const inspect::LineSink& lines) {
  const bool dry = query.contains("dry_run");
  if (!dry && filter.everything() && !query.contains("yes"))
    return fail(
        Fault::bad_config,
        "this would remove every dead letter; choose some by a filter, or say --yes (yes=1)");
  const inspect::LineSink none;
  const auto choice = letters::choose(store, filter, now, form, dry ? lines : none);
  if (!choice) return std::unexpected(choice.error());
  if (!dry)
    if (auto dropped = store.drop_dead_letters(choice->letters); !dropped) return dropped;
  letters::report(*choice, dry ? "would be removed" : "removed", form, lines);
  return {};
}

// On a store that no engine has open: whatever engine opens it next plays them again.
Result<> replay_letters(RocksStore& store, const Query& query, letters::LetterFilter& filter,
                        WallTime now, inspect::Form form, const inspect::LineSink& lines) {
  const bool dry = query.contains("dry_run");
  const auto order = letters::read_order(query);
  if (!order) return std::unexpected(order.error());
  const inspect::LineSink none;
  const auto choice =
      letters::choose_for_replay(store, filter, *order, now, form, dry ? lines : none);
  if (!choice) return std::unexpected(choice.error());
  if (!dry)
    if (auto marked = store.mark_replays(choice->letters, order->gap); !marked) return marked;
  letters::report(*choice, dry ? "would be replayed" : "will be replayed when the engine runs next",
                  form, lines);
  return {};
}

Result<> dead_letters(RocksStore& store, const StateQuestion& question, const std::string& name,
                      WallTime now, inspect::Form form, const inspect::LineSink& lines) {
  std::uint64_t letter = 0;
  if (number(name, letter)) return letters::show(store, letter, now, form, lines);
  auto filter = letters::LetterFilter::read(question.query, now);
  if (!filter) return std::unexpected(filter.error());
  if (name == "stats") return letters::stats(store, *filter, now, form, lines);
  if (name == "replay") return replay_letters(store, question.query, *filter, now, form, lines);
  if (!name.empty())
    return fail(Fault::bad_config, "there is no dead letter " + name + "; they have numbers");
  if (question.method == "DELETE")
    return drop_letters(store, question.query, *filter, now, form, lines);
  return letters::list(store, *filter, now, form, lines);
}

}  // namespace

inspect::Form form_of(const Query& query) {
  return parameter(query, "form") == "text" ? inspect::Form::text : inspect::Form::json;
}

Result<inspect::ScanOptions> scan_options(const Query& query) {
  inspect::ScanOptions options;
  options.prefix = parameter(query, "prefix");
  options.after = parameter(query, "cursor");
  const std::string limit = parameter(query, "limit");
  if (!limit.empty() && !number(limit, options.limit))
    return fail(Fault::bad_config, "limit: expected a number; got '" + limit + "'");
  return options;
}

Result<> answer(RocksStore& store, const StateQuestion& question, WallTime now,
                const inspect::LineSink& lines) {
  const auto form = form_of(question.query);
  const auto slash = question.path.find('/');
  const std::string what = question.path.substr(0, slash);
  const std::string name = slash == std::string::npos ? "" : question.path.substr(slash + 1);

  if (what == "tables" && name.empty()) return inspect::table_list(store, form, lines);
  if (what == "tables") return table(store, question, name, now, form, lines);
  if (what == "streams" && name.empty()) return inspect::stream_list(store, form, lines);
  if (what == "progress" && !name.empty())
    return question.method == "DELETE" ? inspect::progress_reset(store, name, form, lines)
                                       : inspect::progress_show(store, name, form, lines);
  if (what == "dead-letters") return dead_letters(store, question, name, now, form, lines);
  return fail(Fault::bad_config, "there is no " + question.path + " in the admin API");
}

std::string target(const StateQuestion& question) {
  boost::urls::url url;
  url.set_path(std::string(root) + question.path);
  for (const auto& [name, value] : question.query) url.params().append({name, value});
  return std::string(url.buffer());
}

}  // namespace tidemill::app
