import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.connectors.HttpConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/**
 * A real Neo4j community server for the tests, without an installation: java -cp "lib/*" Start.java HOME PORT.
 * The password of the user neo4j is read from standard input; the server ends when standard input does. On a home that a
 * server had before, the password is to be that server's.
 */
class Start {
  public static void main(String[] arguments) {
    try {
      serve(arguments);
      System.exit(0);
    } catch (Throwable problem) {
      problem.printStackTrace();
      System.exit(1); // threads of the server would keep the process alive
    }
  }

  private static void serve(String[] arguments) throws Exception {
    boolean known = Files.exists(Path.of(arguments[0], "data", "databases", "system"));
    String password = new String(System.in.readNBytes(64)).strip();
    DatabaseManagementService server =
        new DatabaseManagementServiceBuilder(Path.of(arguments[0]).toAbsolutePath())
            .setConfig(BoltConnector.enabled, true)
            .setConfig(BoltConnector.listen_address, new SocketAddress("127.0.0.1", Integer.parseInt(arguments[1])))
            .setConfig(HttpConnector.enabled, false)
            .setConfig(GraphDatabaseSettings.auth_enabled, true)
            .setConfig(GraphDatabaseSettings.pagecache_memory, 128L << 20)
            .setConfig(GraphDatabaseSettings.udc_enabled, false)
            .build();
    if (!known) {
      try (var transaction = server.database("system").beginTx()) {
        transaction.execute(
            "ALTER USER neo4j SET PASSWORD $password CHANGE NOT REQUIRED", Map.of("password", password));
        transaction.commit();
      }
    }
    System.out.println("ready");
    while (System.in.read() != -1) {}
    server.shutdown();
  }
}
