import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

/** One node of OpenSearch out of its published jars: SearchNode FOLDER HTTP-PORT TRANSPORT-PORT. */
final class SearchNode extends Node {
  private SearchNode(Settings settings) {
    super(
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "tests"),
        List.<Class<? extends Plugin>>of(Netty4Plugin.class),
        false);
  }

  public static void main(String[] arguments) throws Exception {
    Settings settings =
        Settings.builder()
            .put("cluster.name", "tests")
            .put("discovery.type", "single-node")
            .put("http.port", arguments[1])
            .put("http.type", "netty4")
            .put("network.host", "127.0.0.1")
            .put("node.store.allow_mmap", false)
            .put("path.home", arguments[0])
            .put("transport.port", arguments[2])
            .put("transport.type", "netty4")
            // The disk of a machine that tests is often nearly full.
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .build();
    new SearchNode(settings).start();
    System.out.println("ready");
    Thread.currentThread().join();
  }
}
