package io.cardwatch.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;

/** The bundle's fused graph in a session of one thread, a row at a time, from a buffer of its own. */
final class Scorer implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final FloatBuffer row;
    private final Map<String, OnnxTensor> inputs;
    private final OnnxTensor tensor;
    final String[] outputs;

    Scorer(String graph) throws OrtException {
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        session = environment.createSession(graph, options);
        String input = session.getInputNames().iterator().next();
        int width = (int) ((TensorInfo) session.getInputInfo().get(input).getInfo()).getShape()[1];
        row = ByteBuffer.allocateDirect(4 * width).order(ByteOrder.nativeOrder()).asFloatBuffer();
        tensor = OnnxTensor.createTensor(environment, row, new long[] {1, width});
        inputs = Map.of(input, tensor);
        outputs = session.getOutputNames().toArray(String[]::new);
    }

    /** Scores of one row: what is not given counts as missing. */
    float[] score(float[] card, float[] merchant) throws OrtException {
        float[] values = new float[row.capacity()];
        Arrays.fill(values, Float.NaN);
        int fromCard = Math.min(card.length, values.length);
        System.arraycopy(card, 0, values, 0, fromCard);
        int left = Math.min(merchant.length, values.length - fromCard);
        System.arraycopy(merchant, 0, values, fromCard, left);
        row.put(0, values);
        try (OrtSession.Result result = session.run(inputs)) {
            float[] scores = new float[outputs.length];
            for (int place = 0; place < scores.length; place++) {
                scores[place] = ((OnnxTensor) result.get(place)).getFloatBuffer().get(0);
            }
            return scores;
        }
    }

    @Override
    public void close() throws OrtException {
        tensor.close();
        session.close();
    }
}
