package io.cardwatch.edge;

import java.io.Serializable;
import org.apache.flink.api.common.functions.RuntimeContext;

/** What an operator asks of the other side: an open stage that takes frames and answers them. */
interface Worker extends AutoCloseable {
    /** Return the answer to no batch: what the stage counted when it was opened. */
    byte[] opened();

    /** Return the answer to a frame of {@link Call}, or a request for pages that the answer needs. */
    byte[] call(byte[] frame);

    /** Return the answer that waits for the pages of this frame. */
    byte[] resume(byte[] pages);

    /** Opens the worker of a subtask, in the thread that will call it. */
    interface Opener extends Serializable {
        /**
         * Open a worker.
         *
         * @param temporary Folders of the TaskManager for files that the job brings.
         */
        Worker open(RuntimeContext context, String[] temporary) throws Exception;
    }
}
