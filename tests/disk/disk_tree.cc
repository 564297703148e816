#include "tests/disk/disk_tree.h"

#include <utility>

namespace tidemill::sim {
namespace {

// The first name of a path, which loses it; empty at its end.
std::string_view next_name(std::string_view& path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view name = path.substr(0, path.find('/'));
  path.remove_prefix(name.size());
  return name;
}

void carry_out(Node::Names& names, const Node::Change& change) {
  if (!change.moved_from.empty()) names.erase(change.moved_from);
  if (change.node) {
    names[change.name] = change.node;
  } else {
    names.erase(change.name);
  }
}

void change(Node& folder, Node::Change change) {
  carry_out(folder.names, change);
  folder.changes.push_back(std::move(change));
}

// splitmix64: a step of it makes a good generator out of any seed.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

// Every node draws from its name and the seed, so that one more file changes nothing about others.
std::uint64_t seed_for(std::uint64_t seed, std::string_view name) {
  for (const char c : name) seed = mixed(seed ^ static_cast<unsigned char>(c));
  return mixed(seed);
}

void crash_node(Node& node, std::uint64_t seed) {
  if (!node.folder) {
    node.bytes.resize(node.synced + seed % (node.bytes.size() - node.synced + 1));
    node.synced = node.bytes.size();
    return;
  }
  node.names = node.synced_names;
  const std::size_t kept = seed % (node.changes.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) carry_out(node.names, node.changes[i]);
  DiskTree::sync(node);
  for (const auto& [name, child] : node.names) crash_node(*child, seed_for(seed, name));
}

std::uint64_t bytes_in(const Node& node) {
  std::uint64_t bytes = node.bytes.size();
  for (const auto& [name, child] : node.names) bytes += bytes_in(*child);
  return bytes;
}

}  // namespace

std::shared_ptr<Node> DiskTree::make_root() {
  auto root = std::make_shared<Node>();
  root->folder = true;
  return root;
}

std::shared_ptr<Node> DiskTree::find(std::string_view path) const {
  std::shared_ptr<Node> node = root_;
  for (std::string_view name = next_name(path); !name.empty(); name = next_name(path)) {
    const auto found = node->names.find(name);
    if (found == node->names.end()) return nullptr;
    node = found->second;
  }
  return node;
}

std::shared_ptr<Node> DiskTree::parent_of(std::string_view path, std::string& name) const {
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  name = path.substr(slash + 1);
  auto parent = find(path.substr(0, slash == std::string_view::npos ? 0 : slash));
  return parent && parent->folder ? parent : nullptr;
}

bool DiskTree::put(std::string_view path, std::shared_ptr<Node> node) {
  std::string name;
  const auto parent = parent_of(path, name);
  if (!parent) return false;
  change(*parent, {std::move(name), std::move(node), {}});
  return true;
}

bool DiskTree::remove(std::string_view path) {
  if (!find(path)) return false;
  return put(path, nullptr);
}

bool DiskTree::move(std::string_view from, std::string_view to) {
  std::string from_name;
  std::string to_name;
  const auto node = find(from);
  const auto from_parent = parent_of(from, from_name);
  const auto to_parent = parent_of(to, to_name);
  if (!node || !from_parent || from_parent != to_parent) return false;
  change(*to_parent, {std::move(to_name), node, std::move(from_name)});
  return true;
}

void DiskTree::sync(Node& node) {
  node.synced = node.bytes.size();
  node.synced_names = node.names;
  node.changes.clear();
}

void DiskTree::crash(std::uint64_t seed) { crash_node(*root_, mixed(seed)); }

std::uint64_t DiskTree::bytes() const { return bytes_in(*root_); }

}  // namespace tidemill::sim
