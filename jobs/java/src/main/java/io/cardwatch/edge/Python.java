package io.cardwatch.edge;

import java.util.HashMap;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.python.env.PythonDependencyInfo;
import org.apache.flink.python.env.embedded.EmbeddedPythonEnvironment;
import org.apache.flink.python.env.embedded.EmbeddedPythonEnvironmentManager;
import pemja.core.PythonInterpreter;

/**
 * A stage's Python: opened and called in the task's thread, in the environment that PyFlink makes.
 *
 * <p>A thread has one interpreter, which its stages share: a second one would wait for ever for the
 * lock that the first one holds. PyFlink's own operators are not extended, because they wait for
 * bundles and fire timers between keys; only their environment is taken, so that python.executable,
 * python.pythonpath and python.files mean what they mean there.
 */
final class Python implements Worker {
    private static final String OPEN = """
            from jobs.flink_edge.worker import open_stage
            %s = open_stage(pickled)
            del pickled
            """;
    private static final ThreadLocal<Shared> OF_THREAD = new ThreadLocal<>();

    private final Shared shared;
    private final String stage;

    /** The interpreter of a thread, and the stages that it has. */
    private static final class Shared {
        final EmbeddedPythonEnvironmentManager environment;
        final PythonInterpreter interpreter;
        int opened;
        int open;

        Shared(Configuration config, RuntimeContext context, String[] temporary) throws Exception {
            environment = new EmbeddedPythonEnvironmentManager(
                    PythonDependencyInfo.create(config, context.getDistributedCache()),
                    temporary,
                    new HashMap<>(System.getenv()),
                    context.getJobInfo().getJobId());
            environment.open();
            EmbeddedPythonEnvironment made = (EmbeddedPythonEnvironment) environment.createEnvironment();
            interpreter = new PythonInterpreter(made.getConfig());
        }
    }

    /** Opens a stage that was pickled where the job was submitted. */
    static final class Opener implements Worker.Opener {
        private static final long serialVersionUID = 1;

        private final Configuration config;
        private final byte[] pickled;

        /**
         * Describe a stage.
         *
         * @param config Python options of the job, as PyFlink extracts them.
         */
        Opener(Configuration config, byte[] pickled) {
            this.config = config;
            this.pickled = pickled;
        }

        @Override
        public Worker open(RuntimeContext context, String[] temporary) throws Exception {
            return new Python(config, context, temporary, pickled);
        }
    }

    private Python(Configuration config, RuntimeContext context, String[] temporary, byte[] pickled) throws Exception {
        if (OF_THREAD.get() == null) {
            OF_THREAD.set(new Shared(config, context, temporary));
        }
        shared = OF_THREAD.get();
        shared.open++;
        stage = "stage_" + shared.opened++;
        try {
            shared.interpreter.set("pickled", pickled);
            shared.interpreter.exec(String.format(OPEN, stage));
        } catch (RuntimeException error) {
            close();
            throw error;
        }
    }

    @Override
    public byte[] opened() {
        return (byte[]) shared.interpreter.invokeMethod(stage, "opened");
    }

    @Override
    public byte[] call(byte[] frame) {
        return (byte[]) shared.interpreter.invokeMethod(stage, "process", frame);
    }

    @Override
    public byte[] resume(byte[] pages) {
        return (byte[]) shared.interpreter.invokeMethod(stage, "resume", pages);
    }

    @Override
    public void close() throws Exception {
        if (--shared.open == 0) {
            OF_THREAD.remove();
            shared.interpreter.close();
            shared.environment.close();
        }
    }
}
