#include "credentials.h"

#include <cstdlib>
#include <fstream>
#include <utility>

#include "metadata_service.h"
#include "web_identity.h"

namespace tidemill::aws {
namespace {

// Refreshed so long before they expire that no request is under way with them by then.
constexpr Duration margin = std::chrono::minutes(5);

std::string_view trim(std::string_view text) {
  constexpr std::string_view spaces = " \t\r";
  const auto begin = text.find_first_not_of(spaces);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

// The setting in a file of "[section]" and "name = value" lines.
std::optional<std::string> setting_in(const std::string& path, std::string_view section,
                                      std::string_view name) {
  std::ifstream file(path);
  std::string line;
  bool here = false;
  while (std::getline(file, line)) {
    const auto text = trim(line);
    if (text.starts_with('[') && text.ends_with(']')) {
      here = trim(text.substr(1, text.size() - 2)) == section;
      continue;
    }
    const auto equal = text.find('=');
    if (!here || equal == text.npos || text.starts_with('#') || text.starts_with(';')) continue;
    if (trim(text.substr(0, equal)) != name) continue;
    if (const auto value = trim(text.substr(equal + 1)); !value.empty()) return std::string(value);
  }
  return std::nullopt;
}

std::string shared_file(const Environment& environment, const std::string& variable,
                        std::string_view name) {
  if (auto path = environment(variable)) return *path;
  return environment("HOME").value_or("") + "/.aws/" + std::string(name);
}

std::string profile_of(const std::string& profile, const Environment& environment) {
  if (!profile.empty()) return profile;
  return environment("AWS_PROFILE").value_or("default");
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here writes to the environment.
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

std::optional<std::string> profile_setting(const std::string& profile, std::string_view name,
                                           const Environment& environment) {
  const std::string section = profile_of(profile, environment);
  const auto credentials = shared_file(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  if (auto value = setting_in(credentials, section, name)) return value;
  const auto config = shared_file(environment, "AWS_CONFIG_FILE", "config");
  return setting_in(config, section == "default" ? section : "profile " + section, name);
}

Result<Credentials> CredentialChain::get(WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto until = [this] { return found_->expires->value; };
  const auto soon = now.value + static_cast<std::uint64_t>(margin.count());
  if (found_ && (!found_->expires || soon < until())) return *found_;
  auto found = find();
  if (found) {
    found_ = *found;
  } else if (found_ && now.value < until()) {
    return *found_;  // Still good; perhaps there are new ones the next time.
  }
  return found;
}

void CredentialChain::forget() {
  const std::lock_guard lock(mutex_);
  found_.reset();
}

Result<Credentials> CredentialChain::find() {
  if (!options_.access_key.empty())
    return Credentials{
        options_.access_key, options_.secret_key.value, options_.session_token.value, {}};
  // A profile that was asked for goes before what happens to be in the environment.
  if (options_.profile.empty()) {
    auto access_key = environment_("AWS_ACCESS_KEY_ID");
    auto secret_key = environment_("AWS_SECRET_ACCESS_KEY");
    if (access_key && secret_key)
      return Credentials{
          *access_key, *secret_key, environment_("AWS_SESSION_TOKEN").value_or(""), {}};
    auto of_a_role = from_web_identity(environment_);
    if (!of_a_role) return std::unexpected(of_a_role.error());
    if (*of_a_role) return std::move(**of_a_role);
  }
  auto of_a_profile = of_profile();
  if (!of_a_profile) return std::unexpected(of_a_profile.error());
  if (*of_a_profile) return std::move(**of_a_profile);
  auto of_a_service = from_metadata_services(environment_);
  if (!of_a_service) return std::unexpected(of_a_service.error());
  if (*of_a_service) return std::move(**of_a_service);
  return fail(Fault::bad_config,
              "there are no credentials: set access_key and secret_key, or AWS_ACCESS_KEY_ID and "
              "AWS_SECRET_ACCESS_KEY, or write the profile " +
                  profile_of({}, environment_) + " into " +
                  shared_file(environment_, "AWS_SHARED_CREDENTIALS_FILE", "credentials"));
}

Result<std::optional<Credentials>> CredentialChain::of_profile() {
  const auto setting = [this](std::string_view name) {
    return profile_setting(options_.profile, name, environment_);
  };
  auto access_key = setting("aws_access_key_id");
  auto secret_key = setting("aws_secret_access_key");
  if (access_key && secret_key)
    return Credentials{*access_key, *secret_key, setting("aws_session_token").value_or(""), {}};
  if (options_.profile.empty()) return std::nullopt;
  return fail(Fault::bad_config,
              "the profile " + options_.profile +
                  " has no aws_access_key_id and "
                  "aws_secret_access_key in " +
                  shared_file(environment_, "AWS_SHARED_CREDENTIALS_FILE", "credentials") + " or " +
                  shared_file(environment_, "AWS_CONFIG_FILE", "config"));
}

}  // namespace tidemill::aws
